// SPDX-License-Identifier: MIT
#include "core/broker/redis/link/redis_link.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "core/loop/loop.h"

namespace chirm {

RedisLink::RedisLink(Loop& loop, RedisUrl url, std::string name, const RedisLinkSettings& settings,
                     Owner& owner, std::unique_ptr<RedisMasterLocator> locator, RedisRole role)
    : loop_(loop),
      url_(std::move(url)),
      name_(std::move(name)),
      settings_(settings),
      owner_(owner),
      role_(role),
      locator_(std::move(locator)),
      connection_(loop, *this, settings.command_deadline_ms),
      resolver_(loop),
      timer_(loop, [this] { on_timer(); }) {
  CHIRM_CHECK(!url_.is_tls || url_.tls != nullptr, url_.place());
}

RedisLink::~RedisLink() = default;

void RedisLink::start() {
  CHIRM_CHECK(state_ == State::kIdle);
  if (locator_) {
    locator_->start([this](const RedisHost& master) { on_master(master); },
                    [this](bool is_under_way) { owner_.on_failover(is_under_way); });
  }
  connect();
}

void RedisLink::connect() {
  attempt_.problem.clear();
  if (locator_) {
    state_ = State::kLocating;
    timer_.start(settings_.connect_timeout_ms);
    return locator_->ask();
  }
  // The host that was useful last comes first; the others follow in the order of the URL.
  attempt_.hosts_left.assign(url_.hosts.begin(), url_.hosts.end());
  std::rotate(attempt_.hosts_left.begin(),
              attempt_.hosts_left.begin() + static_cast<std::ptrdiff_t>(first_host_),
              attempt_.hosts_left.end());
  connect_next();
}

// Asked for or not: a failover is noticed by the Sentinels before the connection to the old master
// breaks, and news ends a wait.
void RedisLink::on_master(const RedisHost& master) {
  const bool is_news = master != attempt_.host;
  if (connection_.is_open()) {
    if (is_news) drop("the master is " + master.text() + " now");
  } else if (state_ == State::kLocating || (state_ == State::kWaiting && is_news)) {
    attempt_.problem.clear();
    attempt_.hosts_left = {master};
    connect_next();
  }
}

// The next address of this attempt; there is one.
void RedisLink::connect_next() {
  timer_.start(settings_.connect_timeout_ms);
  if (url_.is_unix()) return open(url_.socket_path);
  if (attempt_.addresses_left.empty()) return resolve_next_host();
  const std::string address = std::move(attempt_.addresses_left.front());
  attempt_.addresses_left.pop_front();
  open(address);
}

// hiredis would look the name up itself, with a call that holds up the whole loop: it only ever
// gets addresses.
void RedisLink::resolve_next_host() {
  CHIRM_CHECK(!attempt_.hosts_left.empty());
  attempt_.host = std::move(attempt_.hosts_left.front());
  attempt_.hosts_left.pop_front();
  attempt_.target.clear();
  state_ = State::kResolving;
  resolver_.resolve(attempt_.host.name,
                    [this](const Expected<std::vector<std::string>, Error>& found) {
                      if (state_ != State::kResolving) return;  // it took too long
                      if (!found) return lose(found.error().message);
                      attempt_.addresses_left.assign(found->begin(), found->end());
                      connect_next();
                    });
}

void RedisLink::open(const std::string& address) {
  state_ = State::kConnecting;
  if (!url_.is_unix()) attempt_.target = RedisHost{address, attempt_.host.port}.text();
  const std::uint16_t port = attempt_.host.port;
  const auto opened =
      url_.is_unix() ? connection_.open_unix(address)
      : url_.is_tls  ? connection_.open_tls(address, port, *url_.tls->context, attempt_.host.name)
                     : connection_.open(address, port);
  if (!opened) lose(opened.error().message);
}

// All steps are sent at once: a round trip each would add up while publishes are held.
void RedisLink::on_connected() {
  state_ = State::kGreeting;
  const std::vector<RedisGreetingStep> steps = redis_greeting(url_, name_, role_);
  for (const RedisGreetingStep& step : steps) {
    const bool is_last = &step == &steps.back();
    connection_.command(step.command,
                        [this, problem_of = step.problem, is_last](const RedisReply& reply) {
                          const std::string problem = problem_of(reply);
                          if (problem.empty() && !is_last) return;
                          on_greeting_done(problem, is_last && !reply.is_error());
                        });
  }
  connection_.flush();
}

void RedisLink::on_greeting_done(const std::string& problem, bool is_answer_to_role) {
  if (problem.empty()) return become_up();
  drop(problem);
  if (is_answer_to_role && locator_) locator_->doubt();
}

void RedisLink::become_up() {
  timer_.stop();
  state_ = State::kUp;
  owner_thinks_up_ = true;
  owner_.on_link_up();
}

void RedisLink::flush() {
  if (locator_) locator_->flush();
  connection_.flush();
}

void RedisLink::mark_useful() {
  if (is_useful_ || !is_up()) return;
  is_useful_ = true;
  useful_since_ms_ = loop_.now_ms();
  logged_reason_.clear();
  const auto host = std::find(url_.hosts.begin(), url_.hosts.end(), attempt_.host);
  if (host != url_.hosts.end()) first_host_ = static_cast<std::size_t>(host - url_.hosts.begin());
  spdlog::info("redis: {} connected to {}", name_, place());
}

// The URL's, and the address where that says more.
std::string RedisLink::place() const {
  const bool is_one_of_several = url_.hosts.size() > 1 && !locator_;
  const std::string place = is_one_of_several ? attempt_.host.text() : url_.place();
  const bool is_the_same = attempt_.target.empty() || place.starts_with(attempt_.target);
  return is_the_same ? place : place + " at " + attempt_.target;
}

void RedisLink::command(std::string_view bytes, OnReply on_reply) {
  if (is_up()) connection_.command(bytes, std::move(on_reply));
}

void RedisLink::subscription_command(std::string_view bytes) {
  if (is_up()) connection_.subscription_command(bytes);
}

void RedisLink::drop(const std::string& reason) {
  if (!connection_.is_open()) return;
  connection_.close();
  lose(reason);
}

// The owner learns of it in a turn of its own: whoever has caused the loss may be in the middle of
// something, and on_link_down() would call back into it.
void RedisLink::lose(const std::string& reason) {
  note_loss(reason);
  state_ = State::kLost;
  timer_.start(0);
}

void RedisLink::try_next_host(const std::string& reason) {
  if (url_.hosts.size() > 1) first_host_ = (first_host_ + 1) % url_.hosts.size();
  drop(reason);
}

// One line in the log when a link that was useful is lost, and one per reason why it does not come
// back: not one per attempt, which would be 20 a second at first.
void RedisLink::note_loss(const std::string& reason) {
  if (is_useful_) {
    spdlog::warn("redis: {} lost {}: {}", name_, place(), reason);
    logged_reason_ = reason;
    attempt_.hosts_left.clear();
    attempt_.addresses_left.clear();
    return;
  }
  const bool has_next = attempt_.has_next();
  const bool has_others = url_.hosts.size() > 1 || !attempt_.problem.empty() || has_next;
  if (!attempt_.problem.empty()) attempt_.problem += "; ";
  if (has_others && !attempt_.target.empty()) attempt_.problem += attempt_.target + ": ";
  attempt_.problem += reason;
  if (has_next || attempt_.problem == logged_reason_) return;
  logged_reason_ = attempt_.problem;
  spdlog::warn("redis: {} cannot use {}: {}; retrying", name_, has_others ? url_.place() : place(),
               attempt_.problem);
}

void RedisLink::on_timer() {
  switch (state_) {
    case State::kLocating:
      attempt_.target.clear();
      return lose("no Sentinel names the master: " + locator_->problem());
    case State::kResolving:
      return lose("the name server does not answer");
    case State::kConnecting:
      return drop(connection_.is_in_handshake()
                      ? "no answer to the TLS handshake: does it speak TLS on this port?"
                      : "timed out");
    case State::kGreeting:
      return drop("no answer to the login");
    case State::kLost:
      return on_lost();
    case State::kWaiting:
      return connect();
    case State::kIdle:
    case State::kUp:
      return;
  }
}

// The state is that of the next attempt before the owner is told, as it may ask for it.
void RedisLink::on_lost() {
  if (attempt_.has_next()) {
    connect_next();
  } else {
    wait_and_retry();
  }
  if (std::exchange(owner_thinks_up_, false)) owner_.on_link_down();
}

// A connection that was lost right after it was made does not reset the backoff: a server that
// refuses every command would be asked 20 times a second. The jitter keeps the nodes of a cluster
// from coming back to a Redis that has just started all at the same moment.
void RedisLink::wait_and_retry() {
  const bool was_stable = std::exchange(is_useful_, false) &&
                          loop_.now_ms() - useful_since_ms_ >= settings_.backoff_max_ms;
  backoff_ms_ = was_stable || backoff_ms_ == 0
                    ? settings_.backoff_min_ms
                    : std::min(backoff_ms_ * 2, settings_.backoff_max_ms);
  state_ = State::kWaiting;
  timer_.start(random_.between(backoff_ms_ / 2, backoff_ms_));
}

void RedisLink::check() const {
  connection_.check();
  const bool needs_connection =
      state_ == State::kConnecting || state_ == State::kGreeting || state_ == State::kUp;
  CHIRM_CHECK(connection_.is_open() == needs_connection, name_, static_cast<int>(state_));
  // Whatever is waited for ends by a timer at the latest: nothing hangs for ever.
  const bool needs_timer = state_ != State::kIdle && state_ != State::kUp;
  CHIRM_CHECK(timer_.is_running() == needs_timer, name_, static_cast<int>(state_));
  CHIRM_CHECK(!is_up() || owner_thinks_up_, name_);
  CHIRM_CHECK(!is_useful_ || owner_thinks_up_, name_);
  CHIRM_CHECK(backoff_ms_ <= settings_.backoff_max_ms, name_, backoff_ms_);
}

}  // namespace chirm
