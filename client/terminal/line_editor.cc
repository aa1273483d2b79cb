// SPDX-License-Identifier: MIT
#include "client/terminal/line_editor.h"

#include <fcntl.h>
#include <histedit.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <deque>

#include "client/terminal/input_layout.h"
#include "client/terminal/key_splitter.h"
#include "client/terminal/utf8.h"
#include "core/base/check.h"
#include "core/loop/fd_watcher.h"
#include "core/loop/signal_watcher.h"
#include "core/loop/socket.h"
#include "core/loop/timer.h"

namespace chirm::terminal {

namespace {

constexpr int kHistoryLines = 500;
// What an escape sequence may take to arrive after its first byte; then it was the Escape key.
constexpr std::uint64_t kSequenceMs = 50;
constexpr char kEndOfInput = '\x04';  // what libedit puts into an empty line at Ctrl-D

struct Binding {
  const char* key;
  const char* command;
};

// Beyond libedit's Emacs keys. Sequences that are not here are dropped: libedit would take their
// tail for text.
constexpr std::array<Binding, 18> kBindings{{
    {"\x1b[A", "ed-prev-history"},
    {"\x1bOA", "ed-prev-history"},
    {"\x1b[B", "ed-next-history"},
    {"\x1bOB", "ed-next-history"},
    {"\x1b[C", "ed-next-char"},
    {"\x1bOC", "ed-next-char"},
    {"\x1b[D", "ed-prev-char"},
    {"\x1bOD", "ed-prev-char"},
    {"\x1b[H", "ed-move-to-beg"},
    {"\x1bOH", "ed-move-to-beg"},
    {"\x1b[F", "ed-move-to-end"},
    {"\x1bOF", "ed-move-to-end"},
    {"\x1b[1~", "ed-move-to-beg"},
    {"\x1b[4~", "ed-move-to-end"},
    {"\x1b[3~", "ed-delete-next-char"},
    {"\x1b[1;5D", "ed-prev-word"},
    {"\x1b[1;5C", "em-next-word"},
    {"\x17", "ed-delete-prev-word"},  // Ctrl-W, as in shells
}};
constexpr std::array<std::string_view, 7> kDroppedKeys{
    // Ctrl-@, -R, -S, -V, -X and Meta-x wait for more keys, which would block the loop.
    std::string_view("\0", 1), "\x12", "\x13", "\x16", "\x18", "\x1bx", "\x1bX"};

bool is_known(std::string_view key) {
  if (key.starts_with("\x1b[") || key.starts_with("\x1bO")) {
    return std::any_of(kBindings.begin(), kBindings.end(),
                       [&](const Binding& binding) { return key == binding.key; });
  }
  return std::find(kDroppedKeys.begin(), kDroppedKeys.end(), key) == kDroppedKeys.end();
}

// A description of the terminal of our own, so that making it non-blocking does not change it for
// stdout and for the shell.
int open_terminal() {
  const char* name = ttyname(STDIN_FILENO);
  const int fd = name == nullptr ? -1 : open(name, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  return fd >= 0 ? fd : open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

int columns_of_screen() {
  winsize size{};
  const bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return is_known ? size.ws_col : 80;
}

std::wstring to_wide(std::string_view text) {
  std::wstring wide;
  while (!text.empty()) wide += static_cast<wchar_t>(take_code_point(text));
  return wide;
}

}  // namespace

struct LineEditor::Impl {
  Impl(Loop& loop, Socket the_terminal, Callbacks the_callbacks);
  ~Impl();

  void on_readable();
  void take_keys();
  void take_key(std::string_view key);
  void take_line(std::string_view line, int rows);
  void on_sequence_time();
  void print(std::string_view text);
  InputLayout layout() const;
  void erase();
  void draw() { el_set(edit, EL_REFRESH); }

  static Impl* self_of(EditLine* edit);
  static char* on_prompt_cb(EditLine* edit);
  static int on_getc_cb(EditLine* edit, wchar_t* c);

  Callbacks callbacks;
  Socket terminal;
  EditLine* edit;
  History* past_lines = history_init();
  std::string prompt = "> ";
  std::string bytes;          // read, and not yet a complete key
  std::deque<wchar_t> input;  // the key that libedit is reading
  bool has_ended = false;
  FdWatcher watcher;
  Timer sequence_timer;
  SignalWatcher on_resize;
  SignalWatcher on_continue;
};

LineEditor::Impl::Impl(Loop& loop, Socket the_terminal, Callbacks the_callbacks)
    : callbacks(std::move(the_callbacks)),
      terminal(std::move(the_terminal)),
      edit(el_init("chirm", stdin, stdout, stderr)),
      watcher(loop, terminal.fd(), [this](auto) { on_readable(); }),
      sequence_timer(loop, [this] { on_sequence_time(); }),
      on_resize(loop, SIGWINCH,
                [this] {
                  erase();
                  el_resize(edit);
                  draw();
                }),
      on_continue(loop, SIGCONT, [this] {
        // The shell has changed the terminal meanwhile.
        el_set(edit, EL_PREP_TERM, 0);
        el_set(edit, EL_PREP_TERM, 1);
        draw();
      }) {
  CHIRM_CHECK(edit != nullptr && past_lines != nullptr);
  HistEvent event;
  history(past_lines, &event, H_SETSIZE, kHistoryLines);
  history(past_lines, &event, H_SETUNIQUE, 1);
  el_set(edit, EL_CLIENTDATA, this);
  el_set(edit, EL_EDITOR, "emacs");
  el_set(edit, EL_SIGNAL, 0);
  el_set(edit, EL_PROMPT, &Impl::on_prompt_cb);
  el_set(edit, EL_HIST, history, past_lines);
  el_set(edit, EL_GETCFN, &Impl::on_getc_cb);
  for (const Binding& b : kBindings) el_set(edit, EL_BIND, b.key, b.command, nullptr);
  // libedit takes some of Latin-1's letters for Meta keys.
  for (char32_t c = 0xA0; c <= 0xFF; ++c) {
    std::string letter;
    append_code_point(letter, c);
    el_set(edit, EL_BIND, letter.c_str(), "ed-insert", nullptr);
  }
  el_set(edit, EL_UNBUFFERED, 1);  // el_gets() returns after each key; draws the prompt
  watcher.watch({.readable = true});
}

LineEditor::Impl::~Impl() {
  if (!has_ended) erase();
  el_set(edit, EL_UNBUFFERED, 0);
  el_end(edit);
  history_end(past_lines);
}

LineEditor::Impl* LineEditor::Impl::self_of(EditLine* edit) {
  void* self = nullptr;
  el_get(edit, EL_CLIENTDATA, &self);
  return static_cast<Impl*>(self);
}

char* LineEditor::Impl::on_prompt_cb(EditLine* edit) { return self_of(edit)->prompt.data(); }

// 0 is the end of the input: a key that turns out not to be complete is forgotten.
int LineEditor::Impl::on_getc_cb(EditLine* edit, wchar_t* c) {
  std::deque<wchar_t>& input = self_of(edit)->input;
  if (input.empty()) return 0;
  *c = input.front();
  input.pop_front();
  return 1;
}

void LineEditor::Impl::on_readable() {
  std::array<char, 4096> buffer;
  const ssize_t received = read(terminal.fd(), buffer.data(), buffer.size());
  if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (received <= 0) {  // hung up
    watcher.watch({});
    has_ended = true;
    return callbacks.on_end();
  }
  bytes.append(buffer.data(), static_cast<std::size_t>(received));
  take_keys();
}

void LineEditor::Impl::take_keys() {
  sequence_timer.stop();
  while (!bytes.empty()) {
    const std::string key(first_key(bytes));
    if (key.empty()) return sequence_timer.start(kSequenceMs);
    bytes.erase(0, key.size());
    take_key(key);
  }
}

void LineEditor::Impl::on_sequence_time() { bytes.clear(); }

void LineEditor::Impl::take_key(std::string_view key) {
  if (!is_known(key)) return;
  const std::wstring wide = to_wide(key);
  if (wide == std::wstring(1, static_cast<wchar_t>(kReplacement))) return;
  input.assign(wide.begin(), wide.end());
  const int rows = layout().rows;
  int length = 0;
  const char* text = el_gets(edit, &length);
  if (text == nullptr || length <= 0) return;
  const std::string line(text, static_cast<std::size_t>(length));
  if (line.back() == '\n') {
    take_line(std::string_view(line).substr(0, line.size() - 1), rows);
  } else if (line == std::string(1, kEndOfInput)) {
    take_line({}, 0);
    callbacks.on_end();
  }
}

// libedit has left the line on the screen, `rows` high, and stands below it. What was said is shown
// when the server delivers it, so the line is removed.
void LineEditor::Impl::take_line(std::string_view line, int rows) {
  if (rows > 0) std::printf("\x1b[%dA", rows);
  std::fputs("\r\x1b[J", stdout);
  std::fflush(stdout);
  el_set(edit, EL_UNBUFFERED, 0);  // the only way to begin a new line
  el_set(edit, EL_UNBUFFERED, 1);
  if (line.empty()) return;
  HistEvent event;
  history(past_lines, &event, H_ENTER, std::string(line).c_str());
  callbacks.on_line(line);
}

InputLayout LineEditor::Impl::layout() const {
  const LineInfoW* line = el_wline(edit);
  std::wstring text = to_wide(prompt);
  const std::size_t cursor = text.size() + static_cast<std::size_t>(line->cursor - line->buffer);
  text.append(line->buffer, line->lastchar);
  return lay_out(text, cursor, columns_of_screen());
}

void LineEditor::Impl::erase() {
  const int cursor_row = layout().cursor_row;
  if (cursor_row > 0) std::printf("\x1b[%dA", cursor_row);
  std::fputs("\r\x1b[J", stdout);
  std::fflush(stdout);
}

void LineEditor::Impl::print(std::string_view text) {
  erase();
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fputc('\n', stdout);  // libedit leaves it to the terminal to return to the first column
  draw();
}

Expected<std::unique_ptr<LineEditor>, Error> LineEditor::create(Loop& loop, Callbacks callbacks) {
  Socket terminal(open_terminal());
  if (!terminal.is_open())
    return Unexpected<Error>(system_error("cannot open the terminal", errno));
  return std::unique_ptr<LineEditor>(
      new LineEditor(std::make_unique<Impl>(loop, std::move(terminal), std::move(callbacks))));
}

LineEditor::LineEditor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

LineEditor::~LineEditor() = default;

void LineEditor::print(std::string_view text) { impl_->print(text); }

void LineEditor::set_prompt(std::string_view prompt) {
  if (prompt == impl_->prompt) return;
  impl_->erase();
  impl_->prompt = prompt;
  impl_->draw();
}

}  // namespace chirm::terminal
