// SPDX-License-Identifier: MIT
#include "core/server/admission.h"

#include "core/base/check.h"
#include "core/broker/broker.h"
#include "core/chat/authenticator.h"
#include "core/chat/chat_counters.h"
#include "core/loop/loop.h"
#include "core/server/readiness.h"
#include "core/server/server_settings.h"

namespace chirm {

void Admission::begin_stopping() {
  CHIRM_CHECK(!is_stopping_);
  is_stopping_ = true;
}

std::optional<HttpError> Admission::refusal() const {
  if (is_stopping_) return HttpError{503, "this node is stopping"};
  if (settings_.connections_max != 0 && counters_.sessions >= settings_.connections_max) {
    return HttpError{503, "this node has as many connections as it may have"};
  }
  // A store that is only degraded is no reason: clients would find the same at any other node, and
  // there is nothing to be gained from having them go round.
  if (broker_.health() == Health::kAway) {
    return HttpError{503, "this node cannot reach its store"};
  }
  return std::nullopt;
}

HttpResponse Admission::readiness() const {
  if (is_stopping_) return text_response(503, "stopping\n");
  if (broker_.health() != Health::kReady) {
    return text_response(503, problems_text(broker_.stores(), loop_.unix_ms()));
  }
  // Until it is known who is banned, connects are told to try again later.
  if (!authenticator_.is_ready()) return text_response(503, "reading who may sign in\n");
  return text_response(200, "ok\n");
}

}  // namespace chirm
