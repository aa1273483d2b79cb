// SPDX-License-Identifier: MIT
#include "bench/load/figures.h"

#include "core/base/check.h"

namespace chirm::load {

namespace {

// Only the buckets that are not empty: a histogram has many, and a run uses few of them.
void pack_histogram(Packer& packer, const Histogram& histogram) {
  const std::vector<std::uint64_t> saved = histogram.save();
  packer.add_all(std::span(saved));
}

Histogram unpack_histogram(Unpacker& unpacker) {
  Histogram histogram;
  // Packed by this very program: what does not fit is a bug.
  CHIRM_CHECK(histogram.restore(unpacker.take_all<std::uint64_t>()));
  return histogram;
}

void pack_group(Packer& packer, const GroupFigures& group) {
  packer.add(group.measured);
  packer.add(group.all);
  packer.add(group.violations);
  pack_histogram(packer, group.delivery);
  pack_histogram(packer, group.ack);
}

GroupFigures unpack_group(Unpacker& unpacker) {
  GroupFigures group;
  group.measured = unpacker.take<Counts>();
  group.all = unpacker.take<Counts>();
  group.violations = unpacker.take<Violations>();
  group.delivery = unpack_histogram(unpacker);
  group.ack = unpack_histogram(unpacker);
  return group;
}

}  // namespace

std::string Result::pack() const {
  Packer packer;
  packer.add(figures);
  pack_group(packer, load);
  pack_group(packer, probe);
  pack_histogram(packer, joining);
  pack_histogram(packer, recovering);
  pack_histogram(packer, catching_up);
  pack_histogram(packer, lateness);
  packer.add_all(std::span(tips));
  return std::string(packer.bytes());
}

Result Result::unpack(std::string_view bytes) {
  Unpacker unpacker(bytes);
  Result result;
  // In the order of pack(): nothing in the bytes says what is what.
  result.figures = unpacker.take<Figures>();
  result.load = unpack_group(unpacker);
  result.probe = unpack_group(unpacker);
  result.joining = unpack_histogram(unpacker);
  result.recovering = unpack_histogram(unpacker);
  result.catching_up = unpack_histogram(unpacker);
  result.lateness = unpack_histogram(unpacker);
  result.tips = unpacker.take_all<Tip>();
  return result;
}

// The names of epochs are the server's, and of any length; between processes a number stands for
// one. FNV-1a.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace chirm::load
