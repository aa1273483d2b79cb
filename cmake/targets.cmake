# What every target of chirm has in common: C++20, warnings, sanitizers, includes from the root.
add_library(chirm_options INTERFACE)
target_compile_features(chirm_options INTERFACE cxx_std_20)
target_include_directories(chirm_options INTERFACE ${PROJECT_SOURCE_DIR})
# As hiredis wants it; precompiled headers are of use only where macros are the same.
target_compile_definitions(chirm_options INTERFACE _FILE_OFFSET_BITS=64)
target_compile_definitions(chirm_options INTERFACE CHIRM_INVARIANTS=$<BOOL:${CHIRM_INVARIANTS}>)
target_compile_options(chirm_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
  $<$<BOOL:${CHIRM_WERROR}>:-Werror>)
if(CHIRM_SANITIZE)
  # vptr opens a file to look at memory, and there are tests that leave none to open.
  target_compile_options(chirm_options INTERFACE
    -fsanitize=${CHIRM_SANITIZE} -fno-sanitize=vptr -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_link_options(chirm_options INTERFACE -fsanitize=${CHIRM_SANITIZE})
endif()
if(CHIRM_FUZZ)
  # Counts what is reached, in libraries too; who has LLVMFuzzerTestOneInput adds libFuzzer's main.
  target_compile_options(chirm_options INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(chirm_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Links thirty programs in a few seconds, where GNU ld needs half a minute. Link-time optimisation
# stays with the linker that GCC's plug-in is tried with.
find_program(CHIRM_MOLD mold)
if(CHIRM_MOLD AND NOT CHIRM_LTO)
  target_link_options(chirm_options INTERFACE -fuse-ld=mold)
endif()

if(CHIRM_LTO)
  include(CheckIPOSupported)
  check_ipo_supported(LANGUAGES CXX)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()

# chirm_skip_lto(<target> [EXCEPT <regex>]): link-time optimisation for none of its sources but
# those that match. With it for all, linking chirmd took 27 s, after a change of the page too; with
# it for what each delivery passes, where it is worth a fifth of the CPU time (chirm-bench), 7 s.
function(chirm_skip_lto target)
  cmake_parse_arguments(ARG "" "EXCEPT" "" ${ARGN})
  get_target_property(sources ${target} SOURCES)
  if(ARG_EXCEPT)
    list(FILTER sources EXCLUDE REGEX "${ARG_EXCEPT}")
  endif()
  if(CHIRM_LTO)
    set_source_files_properties(${sources} PROPERTIES COMPILE_OPTIONS -fno-lto)
  endif()
endfunction()

# chirm_unity(<target>): with CHIRM_UNITY the sources of a folder are compiled four at a time, for a
# third of what compiling costs is headers of our own. So names in anonymous namespaces must differ
# among files of a folder. Builds without it (asan, tsan, release) find an include that is missing.
function(chirm_unity target)
  if(NOT CHIRM_UNITY)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # GCC takes what one source has to itself for what others could see, too.
  target_compile_options(${target} PRIVATE
    $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  get_target_property(sources ${target} SOURCES)
  list(FILTER sources INCLUDE REGEX "\\.cc$")
  foreach(source IN LISTS sources)
    cmake_path(GET source PARENT_PATH folder)
    string(MAKE_C_IDENTIFIER "in_${folder}" group)
    math(EXPR ${group} "${${group}} + 1")
    math(EXPR batch "(${${group}} - 1) / 4")
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP "${group}_${batch}")
  endforeach()
endfunction()

# What nearly every source includes of the standard library, parsed once: without it that is half of
# what compiling costs. Builds without CHIRM_PCH (release) find an include that is missing.
if(CHIRM_PCH)
  file(CONFIGURE OUTPUT standard_headers.cc CONTENT "")
  add_library(chirm_standard_headers OBJECT ${CMAKE_CURRENT_BINARY_DIR}/standard_headers.cc)
  target_link_libraries(chirm_standard_headers PRIVATE chirm_options)
  target_precompile_headers(chirm_standard_headers PRIVATE
    <algorithm> <array> <cstdint> <deque> <functional> <map> <memory> <optional> <random> <span>
    <sstream> <string> <string_view> <unordered_map> <utility> <variant> <vector>)
endif()

# chirm_precompile(<target>): let it use them.
function(chirm_precompile target)
  if(CHIRM_PCH)
    target_precompile_headers(${target} REUSE_FROM chirm_standard_headers)
  endif()
endfunction()

# chirm_library(<name> SOURCES ... HEADERS ... LINK ...): a static library. Each of its headers
# compiles alone: x.cc includes x.h before all else (tests/lint), and those without one are
# compiled by the target all_verify_interface_header_sets.
function(chirm_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;LINK" ${ARGN})
  set(alone ${ARG_HEADERS})
  list(TRANSFORM ARG_SOURCES REPLACE "\\.cc$" ".h" OUTPUT_VARIABLE checked)
  list(REMOVE_ITEM alone ${checked})
  add_library(${name} STATIC ${ARG_SOURCES} ${ARG_HEADERS})
  target_sources(${name} PUBLIC
    FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${alone})
  target_link_libraries(${name} PUBLIC chirm_options ${ARG_LINK})
  chirm_unity(${name})
  chirm_precompile(${name})
endfunction()
