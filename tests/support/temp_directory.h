// SPDX-License-Identifier: MIT
#pragma once
// A directory of its own for a test, gone afterwards.

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "core/base/check.h"

namespace chirm::testing {

class TempDirectory {
 public:
  TempDirectory() {
    path_ = std::filesystem::temp_directory_path() / "chirm-test-XXXXXX";
    CHIRM_CHECK(mkdtemp(path_.data()) != nullptr, path_);
  }
  ~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace chirm::testing
