// SPDX-License-Identifier: MIT
#include "client/terminal/screen/screen.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <string_view>

// Functions instead of macros: those are named move, erase and the like.
#define NCURSES_NOMACROS 1
#define NCURSES_WIDECHAR 1
#include <curses.h>

#include "client/terminal/screen/palette.h"
#include "client/terminal/text/utf8.h"

namespace chirm::terminal {

namespace {

constexpr std::string_view kBeginPastes = "\x1b[?2004h";  // bracketed paste, of xterm
constexpr std::string_view kEndPastes = "\x1b[?2004l";

void write_now(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void set_colours() {
  const char* no_color = std::getenv("NO_COLOR");  // https://no-color.org
  const bool is_wanted = no_color == nullptr || *no_color == '\0';
  if (!is_wanted || !has_colors() || start_color() == ERR || use_default_colors() == ERR) return;
  // Pair 0 is the terminal's own colours, and cannot be set.
  for (std::size_t i = 1; i < kPalette.size(); ++i) {
    const bool is_faint = static_cast<Colour>(i) == Colour::kFaint;
    const short colour = COLORS >= 256 ? kPalette[i].of_256
                         : is_faint    ? short{-1}
                                       : kPalette[i].of_8;
    init_pair(static_cast<short>(i), colour, -1);
  }
}

attr_t attributes_of(const Style& style) {
  attr_t attributes = A_NORMAL;
  // With 8 colours there is no grey; what is faint is an attribute then.
  const bool lacks_colour = COLOR_PAIRS <= 1 || COLORS < 256;
  if (style.is_bold) attributes |= A_BOLD;
  if (style.is_faint || (style.colour == Colour::kFaint && lacks_colour)) attributes |= A_DIM;
  if (style.is_underlined) attributes |= A_UNDERLINE;
  if (style.is_reversed) attributes |= A_REVERSE;
  return attributes;
}

void put(int row, int column, const CellGrid::Cell& cell) {
  wchar_t characters[CCHARW_MAX + 1] = {};
  std::string_view text = cell.text;
  for (std::size_t i = 0; i < CCHARW_MAX && !text.empty(); ++i) {
    characters[i] = static_cast<wchar_t>(take_code_point(text));
  }
  // Where there are no colours, all pairs but 0 are refused.
  const auto pair = static_cast<short>(cell.style.colour);
  cchar_t complex{};
  if (setcchar(&complex, characters, attributes_of(cell.style),
               COLOR_PAIRS > pair ? pair : short{0}, nullptr) == ERR) {
    return;
  }
  // The last cell of all is written although moving on from it fails.
  (void)mvadd_wch(row, column, &complex);
}

void enter() {
  raw();
  noecho();
  nonl();
  // Past ncurses, which has no function for it.
  write_now(kBeginPastes);
}

void leave() {
  write_now(kEndPastes);
  endwin();
}

}  // namespace

Expected<std::unique_ptr<Screen>, Error> Screen::create() {
  termios before{};
  const bool is_terminal = tcgetattr(STDIN_FILENO, &before) == 0;
  if (!is_terminal || newterm(nullptr, stdout, stdin) == nullptr) {
    return Unexpected<Error>({"this terminal cannot show a full screen (TERM): use --plain"});
  }
  set_colours();
  auto screen = std::unique_ptr<Screen>(new Screen(before));
  enter();
  return screen;
}

Screen::~Screen() { leave(); }

int Screen::rows() const { return getmaxy(stdscr); }
int Screen::columns() const { return getmaxx(stdscr); }

void Screen::show(const CellGrid& grid) {
  // All of it, each time: ncurses compares it with what the terminal shows.
  erase();
  for (int row = 0; row < grid.rows(); ++row) {
    for (int column = 0; column < grid.columns(); ++column) {
      const CellGrid::Cell& cell = grid.at(row, column);
      if (!cell.text.empty()) put(row, column, cell);
    }
  }
  (void)curs_set(grid.cursor_row < 0 ? 0 : 1);  // not every terminal can
  if (grid.cursor_row >= 0) move(grid.cursor_row, grid.cursor_column);
  refresh();
}

void Screen::resize() {
  // A serial console says that it has no rows; then what ncurses has taken from TERM holds.
  winsize size{};
  const bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0;
  if (is_known && size.ws_col > 0) resizeterm(size.ws_row, size.ws_col);
  forget();
}

void Screen::forget() { clearok(curscr, TRUE); }

void Screen::suspend() {
  leave();
  struct sigaction standard {};
  struct sigaction ours {};
  standard.sa_handler = SIG_DFL;
  // The loop has a handler for it, which would only be called again instead of stopping.
  sigaction(SIGTSTP, &standard, &ours);
  (void)kill(0, SIGTSTP);  // returns when somebody continues us
  sigaction(SIGTSTP, &ours, nullptr);
  enter();
  resize();  // it may have changed meanwhile
}

}  // namespace chirm::terminal
