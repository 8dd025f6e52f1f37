#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bitwuzla for smtbmc, which wants a program: reads SMT-LIB commands and answers at once.

PyPI has only the solver's library.  tools/formal.py links to this under the name that smtbmc looks
for.
"""

import sys

import bitwuzla


def commands(lines):
    """Whole commands, each on as many lines as its parentheses need."""
    text, depth = "", 0
    for line in lines:
        code = line.split(";")[0] if "|" not in line else line
        text += line
        depth += code.count("(") - code.count(")")
        if depth == 0 and text.strip():
            yield text
            text = ""


def main():
    if "--help" in sys.argv:
        print("--lang smt2")  # what smtbmc tells versions apart by
        return
    options = bitwuzla.Options()
    options.set(bitwuzla.Option.PRODUCE_MODELS, True)
    parser = bitwuzla.Parser(bitwuzla.TermManager(), options)
    for text in commands(iter(sys.stdin.readline, "")):
        if text.strip() == "(exit)":
            return
        parser.parse(text, False, False)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
