#include "autograd/dot.hpp"

#include <algorithm>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace planet {
namespace {

using Record = Tape::Record;

std::string quoted(const std::string& text) {
  std::string q = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') q += '\\';
    q += c;
  }
  return q + "\"";
}

bool is_leaf(const Record& r) { return r.op.empty(); }

// The records that the result was computed from, by their number on the tape.
std::map<std::size_t, Record> ancestors(const Tape& tape, std::size_t result) {
  std::map<std::size_t, Record> found;
  std::vector<std::size_t> open{result};
  while (!open.empty()) {
    const std::size_t i = open.back();
    open.pop_back();
    if (found.contains(i)) continue;
    const Record& r = found[i] = tape.describe(i);
    open.insert(open.end(), r.inputs.begin(), r.inputs.end());
  }
  return found;
}

// What a box says, line by line, and how it looks.
std::string box(const std::vector<std::string>& lines, const std::string& look) {
  std::string label;
  for (const std::string& line : lines) label += (label.empty() ? "" : "\n") + line;
  std::string text = quoted(label);
  for (std::size_t at; (at = text.find('\n')) != std::string::npos;) text.replace(at, 1, "\\n");
  return "[label=" + text + look + "]";
}

std::string box_of(const Record& r, bool is_result, std::string_view frame = "") {
  const std::string bold = is_result ? " penwidth=2.5" : "";
  if (!is_leaf(r))
    return box({std::string(r.op), r.shape.str()},
               (r.is_view ? " style=\"rounded,dashed\"" : "") + bold);
  if (r.param != nullptr) {
    std::string name = r.param->name;
    if (name.starts_with(std::string(frame) + "/")) name.erase(0, frame.size() + 1);
    return box({name, r.shape.str()}, " fillcolor=\"#cfe2f3\"" + bold);
  }
  if (r.takes_gradient) return box({"variable", r.shape.str()}, " fillcolor=\"#d9ead3\"" + bold);
  return box({"data", r.shape.str()}, " fillcolor=\"#e6e6e6\"" + bold);
}

void write_head(std::ostream& out) {
  out << "digraph tape {\n"
         "  graph [fontname=\"Helvetica\" fontsize=12 bgcolor=\"white\" nodesep=0.15 "
         "ranksep=0.35]\n"
         "  node [fontname=\"Helvetica\" fontsize=11 shape=box style=\"rounded,filled\" "
         "fillcolor=\"white\" height=0.3 margin=\"0.1,0.05\"]\n"
         "  edge [fontname=\"Helvetica\" fontsize=9 arrowsize=0.6]\n";
}

void write_edge(std::ostream& out, const std::string& from, const std::string& to,
                const std::string& label, bool gradient) {
  out << "  " << from << " -> " << to;
  if (!label.empty()) out << " [label=" << quoted(label) << "]";
  if (!gradient) out << " [style=dashed color=\"#808080\"]";
  out << "\n";
}

// ---- every record, in frames ---------------------------------------------------------------------

struct Frame {
  std::map<std::string, Frame> inner;  // by the next part of the path
  std::vector<std::string> boxes;
};

void write_frame(std::ostream& out, const Frame& frame, const std::string& path) {
  for (const std::string& b : frame.boxes) out << b;
  for (const auto& [name, inner] : frame.inner) {
    const std::string whole = path.empty() ? name : path + "/" + name;
    out << "  subgraph " << quoted("cluster_" + whole) << " {\n  label=" << quoted(name)
        << " style=rounded color=\"#808080\"\n";
    write_frame(out, inner, whole);
    out << "  }\n";
  }
}

void write_all(std::ostream& out, const std::map<std::size_t, Record>& records,
               std::size_t result) {
  Frame top;
  for (const auto& [i, r] : records) {
    Frame* frame = &top;
    for (std::size_t begin = 0; begin < r.scope.size();) {
      const std::size_t end = std::min(r.scope.find('/', begin), r.scope.size());
      frame = &frame->inner[r.scope.substr(begin, end - begin)];
      begin = end + 1;
    }
    frame->boxes.push_back(cat("  n", i, " ", box_of(r, i == result, r.scope), "\n"));
  }
  write_frame(out, top, "");
  for (const auto& [i, r] : records)
    for (const std::size_t from : r.inputs)
      write_edge(out, cat("n", from), cat("n", i), "", records.at(from).takes_gradient);
}

// ---- folded by scope -----------------------------------------------------------------------------

std::string first_parts(const std::string& path, int depth) {
  std::size_t end = 0;
  for (int i = 0; i < depth && end != std::string::npos; ++i)
    end = path.find('/', end + (i > 0 ? 1 : 0));
  return path.substr(0, end);
}

class Fold {
 public:
  Fold(std::map<std::size_t, Record> records, int depth) : records_(std::move(records)) {
    pass_views();
    for (const auto& [i, r] : records_) {
      for (const std::size_t from : r.inputs) readers_[from].push_back(i);
      if (!r.scope.empty()) join(i, first_parts(r.scope, depth));
    }
    for (bool changed = true; changed;) {
      changed = false;
      for (const auto& [i, r] : records_)
        if (!is_leaf(r) && !scope_.contains(i))
          if (const std::string s = scope_for(i, r); !s.empty()) changed = true, join(i, s);
    }
  }

  void write(std::ostream& out, std::size_t result) const {
    struct Box {
      std::size_t records = 0;
      std::ptrdiff_t parameters = 0;
      bool result = false;
    };
    std::map<std::string, Box> boxes;
    for (const auto& [i, r] : records_) {
      const auto in = scope_.find(i);
      if (in == scope_.end()) {
        out << "  " << name(i) << " " << box_of(r, i == result) << "\n";
        continue;
      }
      Box& b = boxes[in->second];
      b.records += !is_leaf(r);
      if (r.param != nullptr) b.parameters += r.shape.size();
      b.result |= i == result;
    }
    for (const auto& [scope, b] : boxes)
      out << "  " << quoted(scope) << " "
          << box({scope, cat(b.records, b.records == 1 ? " record" : " records"),
                  cat(b.parameters, b.parameters == 1 ? " parameter" : " parameters")},
                 std::string(" fillcolor=\"#cfe2f3\"") + (b.result ? " penwidth=2.5" : ""))
          << "\n";
    write_edges(out);
  }

 private:
  // Inputs of a view take its place as inputs of what reads it.
  void pass_views() {
    for (auto& [i, r] : records_)
      for (std::size_t& from : r.inputs)
        while (records_.at(from).is_view) from = records_.at(from).inputs[0];
    std::erase_if(records_, [](const auto& entry) { return entry.second.is_view; });
  }

  void join(std::size_t i, const std::string& scope) {
    scope_[i] = scope;
    if (!is_leaf(records_.at(i))) ops_.insert({scope, std::string(records_.at(i).op)});
  }

  // The one scope of all these records, without the leaves; "" if there are several, or none.
  std::string common_scope(const std::vector<std::size_t>& records) const {
    std::string common;
    for (const std::size_t i : records) {
      if (is_leaf(records_.at(i))) continue;
      const auto found = scope_.find(i);
      if (found == scope_.end() || (!common.empty() && common != found->second)) return "";
      common = found->second;
    }
    return common;
  }

  std::string scope_for(std::size_t i, const Record& r) const {
    const auto readers = readers_.find(i);
    if (readers == readers_.end()) return "";
    if (std::string s = common_scope(readers->second); !s.empty()) return s;
    const std::string from = common_scope(r.inputs);
    if (from.empty()) return "";
    return reaches(i, from) || ops_.contains({from, std::string(r.op)}) ? from : "";
  }

  // Does anything in this scope depend on record i?
  bool reaches(std::size_t i, const std::string& scope) const {
    std::set<std::size_t> seen;
    std::vector<std::size_t> open{i};
    while (!open.empty()) {
      const std::size_t at = open.back();
      open.pop_back();
      const auto in = scope_.find(at);
      if (in != scope_.end() && in->second == scope) return true;
      if (!seen.insert(at).second) continue;
      if (const auto next = readers_.find(at); next != readers_.end())
        open.insert(open.end(), next->second.begin(), next->second.end());
    }
    return false;
  }

  std::string name(std::size_t i) const {
    const auto found = scope_.find(i);
    return found == scope_.end() ? cat("n", i) : quoted(found->second);
  }

  // One arrow between two boxes, with the values that pass: "[6,27]", "3 x [2,7]". A value that is
  // read several times passes once.
  void write_edges(std::ostream& out) const {
    struct Passing {
      std::set<std::size_t> values;
      bool gradient = false;
    };
    std::map<std::pair<std::string, std::string>, Passing> edges;
    for (const auto& [i, r] : records_)
      for (const std::size_t from : r.inputs)
        if (name(from) != name(i)) {
          Passing& p = edges[{name(from), name(i)}];
          p.values.insert(from);
          p.gradient |= records_.at(from).takes_gradient;
        }
    for (const auto& [ends, p] : edges) {
      std::map<std::string, int> shapes;
      for (const std::size_t i : p.values) ++shapes[records_.at(i).shape.str()];
      std::string label;
      if (ends.first.starts_with('"'))  // other boxes say their shape
        for (const auto& [shape, count] : shapes)
          label += (label.empty() ? "" : ", ") + (count > 1 ? cat(count, " x ", shape) : shape);
      write_edge(out, ends.first, ends.second, label, p.gradient);
    }
  }

  std::map<std::size_t, Record> records_;
  std::map<std::size_t, std::vector<std::size_t>> readers_;
  std::map<std::size_t, std::string> scope_;           // of the records that are drawn in a box
  std::set<std::pair<std::string, std::string>> ops_;  // (scope, op)
};

}  // namespace

void write_dot(std::ostream& out, Var result, int depth) {
  require(depth >= 0, "[write_dot] the depth is ", depth,
          "; 0 draws every record, n the scopes of n levels");
  const Tape& tape = result.on();
  tape.shape(result);  // throws if it is stale
  auto records = ancestors(tape, result.node);
  write_head(out);
  if (depth == 0) write_all(out, records, result.node);
  else Fold(std::move(records), depth).write(out, result.node);
  out << "}\n";
}

}  // namespace planet
