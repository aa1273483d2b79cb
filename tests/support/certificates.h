// SPDX-License-Identifier: MIT
#pragma once
// An authority and certificates of its own for a test, made by the openssl program.

#include <cstdlib>
#include <string>

#include "core/base/check.h"
#include "tests/support/temp_directory.h"

namespace chirm::testing {

class Certificates {
 public:
  struct Files {
    std::string certificate;
    std::string key;
  };

  Certificates() {
    run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 2 -subj "
        "/CN=authority "
        "-keyout ca.key -out ca.pem");
  }

  // The file with the authority's certificate.
  std::string authority() const { return path("ca.pem"); }
  // A certificate for `names` ("DNS:localhost,IP:127.0.0.1"), valid for so many days from now.
  // Each `file` is made once, or anew.
  Files make(const std::string& file, const std::string& names, int days = 1) {
    run("req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -subj /CN=chirm-test "
        "-keyout " +
        file + ".key -out " + file + ".csr -addext subjectAltName=" + names);
    run("x509 -req -in " + file +
        ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -copy_extensions copy "
        "-days " +
        std::to_string(days) + " -out " + file + ".pem");
    return {path(file + ".pem"), path(file + ".key")};
  }
  std::string path(const std::string& file) const { return directory_.path() + "/" + file; }

 private:
  void run(const std::string& arguments) {
    const std::string command =
        "cd " + directory_.path() + " && openssl " + arguments + " >/dev/null 2>openssl.log";
    CHIRM_CHECK(std::system(command.c_str()) == 0, command);
  }

  TempDirectory directory_;
};

}  // namespace chirm::testing
