// SPDX-License-Identifier: MIT
#include "client/terminal/full_screen_mode.h"

#include <signal.h>

#include <cstdio>
#include <utility>

#include "client/terminal/text/safe_text.h"
#include "client/terminal/view/message_lines.h"
#include "core/base/check.h"
#include "core/loop/signal_watcher.h"

namespace chirm::terminal {

namespace {

constexpr std::uint64_t kTickMs = 500;  // counts down to the next attempt to connect
constexpr int kLinesToLoadAhead = 3;

void complain(std::string_view text) {
  std::fprintf(stderr, "chirm: %.*s\n", static_cast<int>(text.size()), text.data());
}

}  // namespace

FullScreenMode::FullScreenMode(Loop& loop, SignInOptions sign_in, ControllerOptions options)
    : loop_(loop),
      context_(loop),
      options_(std::move(options)),
      sign_in_(loop, std::move(sign_in),
               [this](std::string_view text) {
                 if (!screen_) complain(text);
               }),
      tick_(loop, [this] { on_tick(); }) {}

// Each of the three parts runs the loop by itself: what a part has begun is over before the next
// begins, and the terminal is taken over only in the middle one.
int FullScreenMode::run() {
  const auto stop = [this] { loop_.stop(); };
  SignalWatcher on_interrupt(loop_, SIGINT, stop);
  SignalWatcher on_term(loop_, SIGTERM, stop);
  SignalWatcher on_hangup(loop_, SIGHUP, stop);
  if (sign_in()) {
    chat();
    sign_out();
  }
  if (!problem_.empty()) complain(problem_);
  return exit_code_;
}

bool FullScreenMode::sign_in() {
  bool has_signed_in = false;
  sign_in_.start([&](Expected<Identity, std::string> who) {
    if (who) {
      options_.me = std::move(*who);
      has_signed_in = true;
    } else {
      on_end(1, who.error());
    }
    loop_.stop();
  });
  loop_.run();
  return has_signed_in;
}

// The problem, when that is not possible.
std::optional<std::string> FullScreenMode::take_terminal() {
  auto screen = Screen::create();
  if (!screen) return screen.error().message;
  screen_ = std::move(*screen);
  auto keyboard = Keyboard::create(loop_, {.on_key = [this](auto key) { on_key(key); },
                                           .on_paste = [this](auto text) { on_paste(text); },
                                           .on_end = [this] { loop_.stop(); }});
  if (!keyboard) {
    screen_.reset();
    return keyboard.error().message;
  }
  keyboard_ = std::move(*keyboard);
  return std::nullopt;
}

void FullScreenMode::chat() {
  if (const auto problem = take_terminal()) return on_end(1, *problem);
  // Now, for ncurses has set handlers of its own when it took the terminal.
  SignalWatcher on_resize(loop_, SIGWINCH, [this] {
    screen_->resize();
    on_changed();
  });
  SignalWatcher on_stop(loop_, SIGTSTP, [this] { control(KeyAction::kSuspend); });
  SignalWatcher on_continue(loop_, SIGCONT, [this] { control(KeyAction::kRedraw); });
  const auto stop = [this] { loop_.stop(); };
  SignalWatcher on_interrupt(loop_, SIGINT, stop);
  SignalWatcher on_term(loop_, SIGTERM, stop);
  sign_in_.apply_to(options_.client);
  controller_.emplace(context_, options_, static_cast<ControllerEvents&>(*this));
  tick_.start_repeating(kTickMs);
  controller_->start();
  on_changed();
  loop_.run();
  tick_.stop();
  // Before the controller, which these call.
  keyboard_.reset();
  screen_.reset();
  controller_.reset();
}

void FullScreenMode::sign_out() {
  bool is_over = false;
  sign_in_.leave([&] {
    is_over = true;
    loop_.stop();
  });
  if (!is_over) loop_.run();
}

void FullScreenMode::on_end(int exit_code, std::string_view problem) {
  exit_code_ = exit_code;
  problem_ = problem;
  loop_.stop();
}

// ---- Drawing

// At the end of a turn in which something has changed, however often: a burst of messages is drawn
// once. To be drawn is to be looked at.
void FullScreenMode::flush() {
  if constexpr (kChecksInvariants) input_.check();
  if (!screen_ || !controller_) return;
  if (!page_) controller_->note_looking();
  const ViewState view{.connection = controller_->connection(),
                       .me = controller_->name(),
                       .is_away = controller_->is_away(),
                       .page = page_ ? &*page_ : nullptr,
                       .completions = completions_};
  drawn_connection_ = view.connection.text;
  screen_->show(draw(controller_->model(), view, input_, screen_->rows(), screen_->columns()));
}

void FullScreenMode::on_tick() {
  // What the status line says changes by itself, when it counts down.
  if (controller_ && controller_->connection().text != drawn_connection_) on_changed();
}

ViewLayout FullScreenMode::layout() const {
  return lay_out_view(input_, screen_->rows(), screen_->columns());
}

void FullScreenMode::show_page(Page page) {
  page_ = std::move(page);
  on_changed();
}

void FullScreenMode::suggest(std::string_view line) {
  input_.set(line);
  on_changed();
}

// ---- Keys

void FullScreenMode::on_paste(std::string_view text) {
  std::string lines(text);  // terminals send line feeds as if Enter was pressed
  for (std::size_t at = 0; (at = lines.find('\r', at)) != std::string::npos;) {
    lines.replace(at, lines.compare(at, 2, "\r\n") == 0 ? 2 : 1, "\n");
  }
  input_.insert(safe_text(lines));
  completions_.clear();
  on_changed();
}

void FullScreenMode::on_key(std::string_view key) {
  const KeyAction action = action_of(key);
  // What is offered is about the word before the cursor, which any other key may change.
  if (action != KeyAction::kComplete && action != KeyAction::kCompleteBack) completions_.clear();
  if (action == KeyAction::kInsert) {
    input_.insert(key);
    const std::string text = input_.text();
    // A command is not typing: others would wait for a message.
    if (!text.starts_with('/') || text.starts_with("//")) controller_->note_typing();
  } else if (!edit(action) && !navigate(action, key)) {
    control(action);
  }
  on_changed();
}

bool FullScreenMode::edit(KeyAction action) {
  switch (action) {
    case KeyAction::kNewLine:
      return input_.insert("\n"), true;
    case KeyAction::kLeft:
      return input_.move(-1), true;
    case KeyAction::kRight:
      return input_.move(1), true;
    case KeyAction::kWordLeft:
      return input_.move_word(-1), true;
    case KeyAction::kWordRight:
      return input_.move_word(1), true;
    case KeyAction::kStart:
      return input_.move_to_start(), true;
    case KeyAction::kEnd:
      return input_.move_to_end(), true;
    case KeyAction::kEraseBefore:
      return input_.erase_before(), true;
    case KeyAction::kEraseAt:
      return input_.erase_at(), true;
    case KeyAction::kEraseWordBefore:
      return input_.erase_word_before(), true;
    case KeyAction::kEraseWordAt:
      return input_.erase_word_at(), true;
    case KeyAction::kEraseToStart:
      return input_.erase_to_start(), true;
    case KeyAction::kEraseToEnd:
      return input_.erase_to_end(), true;
    case KeyAction::kYank:
      return input_.yank(), true;
    case KeyAction::kOlderLine:
      return input_.browse(-1), true;
    case KeyAction::kNewerLine:
      return input_.browse(1), true;
    default:
      return false;
  }
}

bool FullScreenMode::navigate(KeyAction action, std::string_view key) {
  switch (action) {
    case KeyAction::kComplete:
      return complete(1), true;
    case KeyAction::kCompleteBack:
      return complete(-1), true;
    case KeyAction::kPageUp:
      return turn_page(1), true;
    case KeyAction::kPageDown:
      return turn_page(-1), true;
    case KeyAction::kChooseUp:
      return choose(-1), true;
    case KeyAction::kChooseDown:
      return choose(1), true;
    case KeyAction::kPreviousConversation:
      return go([](ChatModel& model) { model.select_next(-1); }), true;
    case KeyAction::kNextConversation:
      return go([](ChatModel& model) { model.select_next(1); }), true;
    case KeyAction::kUnreadConversation:
      return go([](ChatModel& model) { model.select_unread(); }), true;
    case KeyAction::kConversation: {
      const auto digit = static_cast<std::size_t>(key.back() - '0');
      return go([&](ChatModel& model) { model.select_number((digit + 9) % 10); }), true;
    }
    default:
      return false;
  }
}

void FullScreenMode::control(KeyAction action) {
  switch (action) {
    case KeyAction::kSend:
      return send();
    case KeyAction::kEscape:
      return escape();
    case KeyAction::kEndOfInput:  // as in shells: in the middle of a line it erases
      return input_.is_empty() ? controller_->quit() : input_.erase_at();
    case KeyAction::kInterrupt:
      return loop_.stop();
    case KeyAction::kSuspend:
      screen_->suspend();
      return on_changed();
    case KeyAction::kRedraw:
      screen_->resize();
      return on_changed();
    default:
      return;
  }
}

void FullScreenMode::send() {
  // Enter alone closes what is read.
  if (page_ && input_.is_empty()) return page_.reset();
  page_.reset();
  const std::string line = input_.take();
  controller_->run(line);
}

void FullScreenMode::complete(int direction) {
  completions_ = completer_.complete(input_, controller_->completion_sources(), direction);
}

void FullScreenMode::turn_page(int direction) {
  const Rect where = layout().messages;
  // Two lines less than there are, for the reader to find the place again.
  const int lines = direction * std::max(where.rows - 2, 1);
  if (page_) return scroll(*page_, -lines, layout().page);
  Conversation* current = controller_->model().current();
  if (current == nullptr) return;
  const MessageLines messages(*current, where.columns);
  scroll(messages, current->position, where.rows, lines);
  const MessageWindow window = window_of(messages, current->position, where.rows);
  // Asked for before the first message is on the screen, so that the next page is there in time.
  if (direction > 0 && window.first < kLinesToLoadAhead) controller_->load_older();
}

// The message above or below the chosen one; below the newest, none.
void FullScreenMode::choose(int direction) {
  Conversation* current = controller_->model().current();
  if (current == nullptr || page_) return;
  const Rect where = layout().messages;
  const MessageLines messages(*current, where.columns);
  const auto count = static_cast<std::ptrdiff_t>(messages.size());
  std::ptrdiff_t at = current->chosen == 0
                          ? count
                          : static_cast<std::ptrdiff_t>(messages.index_of({current->chosen, 0}));
  if (current->chosen == 0 && direction > 0) return;
  const auto can_be_chosen = [&](std::ptrdiff_t index) {
    const Message& message = messages.message(static_cast<std::size_t>(index));
    return message.kind == Message::Kind::kSaid && message.state == Message::State::kStored &&
           message.key.number == 0 && !message.is_deleted;
  };
  do at += direction;
  while (at >= 0 && at < count && !can_be_chosen(at));
  if (at < 0) return controller_->load_older();
  current->chosen = at == count ? 0 : messages.message(static_cast<std::size_t>(at)).key.offset;
  if (at == count) {
    current->position = {};
  } else {
    scroll_to(messages, current->position, where.rows, static_cast<std::size_t>(at));
  }
}

// To another conversation; what is typed stays with the one before.
void FullScreenMode::go(const std::function<void(ChatModel&)>& select) {
  ChatModel& model = controller_->model();
  Conversation* before = model.current();
  select(model);
  page_.reset();
  if (before == nullptr || model.current() == before) return;
  before->draft = input_.text();
  input_.set(model.current()->draft);
}

void FullScreenMode::escape() {
  if (page_) return page_.reset();
  if (Conversation* current = controller_->model().current()) {
    current->chosen = 0;
    current->position = {};
  }
}

}  // namespace chirm::terminal
