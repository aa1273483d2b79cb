// SPDX-License-Identifier: MIT
#include "protocol/json_writer.h"

#include <gtest/gtest.h>

#include <cmath>

namespace chirm {
namespace {

TEST(JsonWriter, WritesNestedObjectsAndArrays) {
  JsonWriter json;
  json.open();
  json.add("name", "a\"b");
  json.add("count", 3);
  json.add("below", -1);
  json.add("is", true);
  json.open_array("list");
  json.add_element("x");
  json.add_raw_element("[1]");
  json.open();
  json.close();
  json.close_array();
  json.open("empty");
  json.close();
  json.add_raw("raw", "{\"k\":\n1}");
  json.close();
  EXPECT_EQ(json.take(),
            R"({"name":"a\"b","count":3,"below":-1,"is":true,"list":["x",[1],{}],"empty":{},)"
            R"("raw":{"k":1}})");
}

TEST(JsonWriter, RoundsFractions) {
  JsonWriter json;
  json.open();
  json.add("a", 0.123456);
  json.add("b", std::nan(""));
  json.close();
  EXPECT_EQ(json.take(), R"({"a":0.1235,"b":0})");
}

TEST(JsonWriter, PutsOneMemberOnALine) {
  JsonWriter json(JsonWriter::Layout::kLines);
  json.open();
  json.add("a", 1);
  json.open("b");
  json.close();
  json.close();
  EXPECT_EQ(json.take(), "{\n  \"a\": 1,\n  \"b\": {}\n}\n");
}

}  // namespace
}  // namespace chirm
