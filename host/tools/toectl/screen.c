/* SPDX-License-Identifier: Apache-2.0
 *
 * A screenful that is shown again and again.  The control sequences are those of ECMA-48 and the
 * alternate screen of xterm, which every terminal knows that does not call itself dumb.
 */
#include <sys/ioctl.h>
#include <unistd.h>

#include "host/tools/toectl/toectl.h"

static bool taken;

bool screen_can_place(void) {
  const char *term = getenv("TERM");

  return isatty(STDOUT_FILENO) && term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
}

static void give_back(void) {
  fputs("\033[?25h\033[?1049l", stdout);
  fflush(stdout);
}

/* Rows of the terminal; 0: not known. */
static unsigned rows(void) {
  struct winsize size = {0};

  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_row : 0;
}

void screen_show(const char *text) {
  unsigned left = rows();

  if (!taken) {
    taken = true;
    atexit(give_back);
    fputs("\033[?1049h\033[?25l", stdout);
  }
  fputs("\033[H", stdout);
  while (*text != '\0') {
    const int len = (int)strcspn(text, "\n");
    printf("%.*s\033[K", len, text);
    text += len;
    if (*text == '\n') text++;
    /* No line end in the last row, which would scroll. */
    if (left == 1 || *text == '\0') break;
    if (left != 0) left--;
    putchar('\n');
  }
  fputs("\033[J", stdout);
  fflush(stdout);
}
