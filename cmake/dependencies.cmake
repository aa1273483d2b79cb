# Every library that chirm links, as an imported target, from Debian's packages. Nothing else in
# the tree calls find_package.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto SSL)    # libssl-dev
find_package(SQLite3 REQUIRED)                      # libsqlite3-dev
find_package(simdjson REQUIRED)                     # libsimdjson-dev
find_package(wslay REQUIRED)                        # libwslay-dev (ships a CMake config, no .pc)
find_package(tl-expected REQUIRED)                  # libexpected-dev
find_package(CLI11 REQUIRED)                        # libcli11-dev
find_package(spdlog REQUIRED)                       # libspdlog-dev
find_package(prometheus-cpp REQUIRED COMPONENTS core)  # prometheus-cpp-dev
find_package(benchmark REQUIRED)                    # libbenchmark-dev
pkg_check_modules(libuv REQUIRED IMPORTED_TARGET libuv)      # libuv1-dev
pkg_check_modules(icu REQUIRED IMPORTED_TARGET icu-uc)       # libicu-dev
pkg_check_modules(hiredis REQUIRED IMPORTED_TARGET hiredis)  # libhiredis-dev
pkg_check_modules(ncursesw REQUIRED IMPORTED_TARGET ncursesw)  # libncurses-dev
# Asks for less of the C library than g++ does by itself, and would keep precompiled headers out.
set_target_properties(PkgConfig::ncursesw PROPERTIES INTERFACE_COMPILE_OPTIONS "")
pkg_check_modules(icu-i18n REQUIRED IMPORTED_TARGET icu-i18n)  # libicu-dev
pkg_check_modules(libsodium REQUIRED IMPORTED_TARGET libsodium)  # libsodium-dev

# libzxcvbn-dev ships neither a .pc file nor a CMake config.
find_library(ZXCVBN_LIBRARY zxcvbn REQUIRED)
find_path(ZXCVBN_INCLUDE_DIR zxcvbn.h REQUIRED)
add_library(zxcvbn::zxcvbn UNKNOWN IMPORTED)
set_target_properties(zxcvbn::zxcvbn PROPERTIES
  IMPORTED_LOCATION ${ZXCVBN_LIBRARY}
  INTERFACE_INCLUDE_DIRECTORIES ${ZXCVBN_INCLUDE_DIR})

# libhttp-parser-dev ships neither a .pc file nor a CMake config.
find_library(HTTP_PARSER_LIBRARY http_parser REQUIRED)
find_path(HTTP_PARSER_INCLUDE_DIR http_parser.h REQUIRED)
add_library(http_parser::http_parser UNKNOWN IMPORTED)
set_target_properties(http_parser::http_parser PROPERTIES
  IMPORTED_LOCATION ${HTTP_PARSER_LIBRARY}
  INTERFACE_INCLUDE_DIRECTORIES ${HTTP_PARSER_INCLUDE_DIR})

if(BUILD_TESTING OR NOT DEFINED BUILD_TESTING)
  find_package(GTest REQUIRED)                      # libgtest-dev, libgmock-dev
endif()
