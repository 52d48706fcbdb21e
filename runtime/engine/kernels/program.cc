#include "program.h"

#include <sstream>

#include "pointwise.h"

namespace spadework {
namespace {

// Reads the words of one statement.
class Words {
 public:
  explicit Words(const std::string& statement) : stream_(statement) {}

  bool Next(std::string* word) { return static_cast<bool>(stream_ >> *word); }
  std::string Word() {
    std::string word;
    Require(Next(&word), "a fused program ends too early");
    return word;
  }
  int Index() { return std::stoi(Word()); }
  int64_t Size() { return std::stoll(Word()); }
  // Reads `1,256,256,64`; `-` is the empty list.
  Shape List() {
    const std::string word = Word();
    Shape list;
    if (word == "-") return list;
    std::istringstream parts(word);
    for (std::string part; std::getline(parts, part, ',');) list.push_back(std::stoll(part));
    return list;
  }

 private:
  std::istringstream stream_;
};

Value ParseValue(const std::string& op, Words& words) {
  Value value;
  value.op = op;
  if (op == "load") {
    value.operand = words.Index();
    value.shape = words.List();
  } else if (op == "upsample") {
    value.operand = words.Index();
    value.factor = words.Size();
  } else if (op == "rows") {
    value.operand = words.Index();
    value.pixels = words.Index();
  } else if (op == "constant") {
    value.number = std::stof(words.Word());
  } else if (op == "sum_last" || op == "max_last") {
    value.inputs = {words.Index()};
  } else {
    for (const int64_t input : words.List()) value.inputs.push_back(static_cast<int>(input));
    for (std::string parameter; words.Next(&parameter);) value.parameters.push_back(std::stof(parameter));
    CheckInstruction(op, value.inputs.size(), value.parameters.size());
  }
  return value;
}

Result ParseResult(Words& words, size_t rank) {
  Result result;
  const std::string kind = words.Word();
  result.value = words.Index();
  if (kind == "store") {
    result.kind = Result::Kind::kStore;
  } else if (kind == "sum" || kind == "squares") {
    result.kind = kind == "sum" ? Result::Kind::kSum : Result::Kind::kSquares;
    result.summed.resize(rank);
    for (const int64_t axis : words.List()) result.summed.at(axis) = true;
  } else if (kind == "pool") {
    result.kind = Result::Kind::kPool;
    result.factor = words.Size();
  } else if (kind == "collect") {
    result.kind = Result::Kind::kCollect;
    result.pixels = words.Index();
    result.like = words.Index();
  } else {
    throw std::runtime_error("a fused program has an unknown result: " + kind);
  }
  result.shape = words.List();
  return result;
}

}  // namespace

Program ParseProgram(const std::string& text) {
  Program program;
  std::istringstream statements(text);
  for (std::string statement; std::getline(statements, statement, ';');) {
    Words words(statement);
    const std::string first = words.Word();
    if (first == "domain")
      program.domain = words.List();
    else if (first == "->")
      program.results.push_back(ParseResult(words, program.domain.size()));
    else
      program.values.push_back(ParseValue(first, words));
  }
  return program;
}

}  // namespace spadework
