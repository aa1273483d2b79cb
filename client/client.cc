// SPDX-License-Identifier: MIT
#include "client/client.h"

#include "client/client_impl.h"

namespace chirm::client {

Client::Client(Context& context, Options options, Events& events)
    : impl_(std::make_unique<ClientImpl>(context, std::move(options), events)) {}

// Here, where ClientImpl is known. All functions only pass on: who includes client.h need not
// compile what a client is made of.
Client::~Client() = default;

void Client::connect() { impl_->connect(); }
void Client::disconnect() { impl_->disconnect(); }
void Client::drop_connection() { impl_->drop_connection(); }
Socket Client::abandon_connection() { return impl_->abandon_connection(); }
void Client::pause_reading(bool is_paused) { impl_->pause_reading(is_paused); }
bool Client::is_connected() const { return impl_->is_connected(); }
const TlsSession* Client::tls() const { return impl_->tls(); }

void Client::set_token(std::string_view token) { impl_->set_token(token); }
void Client::fail_token(const CommandError& error) { impl_->fail_token(error); }

void Client::subscribe(std::string_view channel, SubscribeOptions options) {
  impl_->subscribe(channel, options);
}

void Client::unsubscribe(std::string_view channel) { impl_->unsubscribe(channel); }

std::uint64_t Client::position(std::string_view channel) const { return impl_->position(channel); }

void Client::advance(std::string_view channel, std::uint64_t offset) {
  impl_->advance(channel, offset);
}

void Client::publish(std::string_view channel, std::string_view data, OnPublished done) {
  impl_->publish(channel, data, std::move(done));
}

std::size_t Client::outbox_size() const { return impl_->outbox_size(); }
std::uint64_t Client::resent() const { return impl_->resent(); }

void Client::presence(std::string_view channel, OnPresence done) {
  impl_->presence(channel, std::move(done));
}

void Client::presence_stats(std::string_view channel, OnPresenceStats done) {
  impl_->presence_stats(channel, std::move(done));
}

void Client::history(std::string_view channel, std::uint32_t limit, OnHistory done) {
  impl_->history(channel, limit, std::nullopt, std::move(done));
}

void Client::history_before(std::string_view channel, std::uint64_t before, std::string_view epoch,
                            std::uint32_t limit, OnHistory done) {
  impl_->history(channel, limit, PositionView{before, epoch}, std::move(done));
}

void Client::rpc(std::string_view method, std::string_view data, OnRpc done) {
  impl_->rpc(method, data, std::move(done));
}

}  // namespace chirm::client
