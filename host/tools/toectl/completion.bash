# SPDX-License-Identifier: Apache-2.0
#
# Completion of toectl's command line, for bash.  What can be completed is asked of toectl itself.

# The words of a command's --help that are options.
_toectl_options() {
  "$1" ${2:+"$2"} --help 2>/dev/null | grep -oE -- '--[a-z]+' | sort -u
}

# Values of the key $2 anywhere in `toectl list --json`.
_toectl_listed() {
  "$1" list --json 2>/dev/null | sed -nE "s/^ *\"$2\": \"([^\"]*)\".*/\\1/p"
}

_toectl() {
  local commands='list info listeners connections counters watch capture selftest bench program'
  local line=${COMP_LINE:0:COMP_POINT} toectl=${COMP_WORDS[0]} command='' words i
  COMPREPLY=()

  # By white space alone: in COMP_WORDS a URI is many words, because bash splits at : and =.
  read -ra words <<<"$line"
  [[ $line != *[[:space:]] ]] || words+=('')
  local last=$((${#words[@]} - 1))
  local typed=${words[last]} before=${words[last - 1]}

  for ((i = 1; i < last; i++)); do
    case ${words[i]} in
      --socket | --uri | --ip | --gateway | --mtu | --duration | --count | --cookies | --monitor) ((i++)) ;;
      -*) ;;
      *)
        command=${words[i]}
        break
        ;;
    esac
  done

  case $before in
    --socket)
      mapfile -t COMPREPLY < <(compgen -W "$(_toectl_listed "$toectl" socket)" -- "$typed")
      [[ ${#COMPREPLY[@]} != 0 ]] || mapfile -t COMPREPLY < <(compgen -f -- "$typed")
      return
      ;;
    --write | -w)
      mapfile -t COMPREPLY < <(compgen -f -- "$typed")
      return
      ;;
    --uri)
      mapfile -t COMPREPLY < <(compgen -W "$(_toectl_listed "$toectl" uri)" -- "$typed")
      # bash replaces what stands behind the last : or = only.
      [[ $typed != *[:=]* ]] || COMPREPLY=("${COMPREPLY[@]#"${typed%"${typed##*[:=]}"}"}")
      return
      ;;
    --ip | --gateway | --mtu | --duration | --count | --cookies | --monitor | --period | --octets | --size | --timeout)
      return
      ;;
  esac
  if [[ $typed == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_toectl_options "$toectl" "$command")" -- "$typed")
  elif [[ -z $command ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$typed")
  elif [[ $command == program && $before == program ]]; then
    local boards
    boards=$("$toectl" program 2>&1 >/dev/null | sed -nE 's/^  ([^ ]+) .*/\1/p')
    mapfile -t COMPREPLY < <(compgen -W "$boards" -- "$typed")
  elif [[ $command == program ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$typed")
  fi
}

complete -F _toectl toectl
