// SPDX-License-Identifier: MIT
#include "core/loop/worker.h"

#include <uv.h>

#include <memory>

#include "core/base/check.h"
#include "core/loop/loop.h"

namespace chirm {

namespace {

struct Request {
  Loop* loop;
  uv_work_t uv;
  std::function<void()> work;
  std::function<void()> done;

  static void on_work_cb(uv_work_t* uv) { static_cast<Request*>(uv->data)->work(); }
  // The status would be UV_ECANCELED, but nobody here cancels.
  static void on_done_cb(uv_work_t* uv, int) {
    const std::unique_ptr<Request> self(static_cast<Request*>(uv->data));
    self->loop->begin_turn();
    self->done();
  }
};

}  // namespace

void run_on_worker(Loop& loop, std::function<void()> work, std::function<void()> done) {
  auto request = std::make_unique<Request>();
  request->loop = &loop;
  request->work = std::move(work);
  request->done = std::move(done);
  request->uv.data = request.get();
  const int rc = uv_queue_work(loop.uv(), &request->uv, &Request::on_work_cb, &Request::on_done_cb);
  CHIRM_CHECK(rc == 0, rc);
  (void)request.release();  // on_done_cb owns it now
}

}  // namespace chirm
