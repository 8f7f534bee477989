#include "apps/gradcheck/grad_table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iomanip>
#include <sstream>

#include "autograd/base/error.hpp"

namespace planet {
namespace {

std::string scientific(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1e", x);
  return text;
}

std::string place(const GradReport& r) { return cat("input ", r.input, r.place()); }

// NaN counts as worse than any number.
bool smaller(const GradReport& a, const GradReport& b) {
  return std::isnan(b.worst) ? !std::isnan(a.worst) : a.worst < b.worst;
}
// A failed report counts as worse than any that passed: it may have no error to show.
bool better(const GradReport& a, const GradReport& b) {
  return a.ok != b.ok ? a.ok : smaller(a, b);
}

// Columns as wide as their widest cell; numbers to the right.
void print_columns(std::ostream& out, const std::vector<std::vector<std::string>>& rows,
                   const std::vector<bool>& right) {
  std::vector<std::size_t> width(right.size());
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string gap(width[i] - row[i].size(), ' ');
      if (i > 0) line += "  ";
      line += right[i] ? gap + row[i] : row[i] + gap;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << "\n";
  }
}

std::string verdict(const GradReport& r) {
  return !r.ok ? "FAILED" : r.proved ? "ok" : "not proved";
}

std::vector<std::string> cells(const GradReport& r) {
  if (r.derivatives == 0)
    return {"-",        scientific(r.tolerance),
            "-",        "-",
            verdict(r), r.ok && r.proved ? "no gradient, as declared" : ""};
  return {scientific(r.worst),
          scientific(r.tolerance),
          r.float_error > 0 ? scientific(r.float_error) : "-",
          r.bf16_error > 0 ? scientific(r.bf16_error) : "-",
          verdict(r),
          place(r)};
}

std::string quoted(const std::string& text) {
  std::string q = "\"";
  for (const char c : text) q += c == '"' ? "\"\"" : std::string(1, c);
  return q + "\"";
}

}  // namespace

void print_by_name(std::ostream& out, std::span<const GradReport> reports) {
  std::vector<std::vector<std::string>> rows = {{"operation", "examples", "derivatives",
                                                 "worst error", "tolerance", "float", "bf16", "",
                                                 "where"}};
  for (std::size_t begin = 0; begin < reports.size();) {
    std::size_t end = begin;
    int derivatives = 0;
    double float_error = 0, bf16_error = 0;
    for (; end < reports.size() && reports[end].name == reports[begin].name; ++end) {
      derivatives += reports[end].derivatives;
      float_error = std::max(float_error, reports[end].float_error);
      bf16_error = std::max(bf16_error, reports[end].bf16_error);
    }
    const auto group = reports.subspan(begin, end - begin);
    GradReport worst = *std::max_element(group.begin(), group.end(), better);
    worst.float_error = float_error;
    worst.bf16_error = bf16_error;
    std::vector<std::string> row = {worst.name, std::to_string(group.size()),
                                    std::to_string(derivatives)};
    for (const std::string& cell : cells(worst)) row.push_back(cell);
    row.back() += row.back().empty() ? worst.example : ", " + worst.example;
    rows.push_back(std::move(row));
    begin = end;
  }
  print_columns(out, rows, {false, true, true, true, true, true, true, false, false});
}

void print_each(std::ostream& out, std::span<const GradReport> reports) {
  std::vector<std::vector<std::string>> rows = {{"name", "example", "derivatives", "worst error",
                                                 "tolerance", "float", "bf16", "", "where",
                                                 "analytic", "numeric"}};
  for (const GradReport& r : reports) {
    std::vector<std::string> row = {r.name, r.example, std::to_string(r.derivatives)};
    for (const std::string& cell : cells(r)) row.push_back(cell);
    const bool numbers = r.derivatives > 0;
    row.push_back(numbers ? cat(std::setprecision(12), r.analytic) : "");
    row.push_back(numbers ? cat(std::setprecision(12), r.numeric) : "");
    rows.push_back(std::move(row));
  }
  print_columns(out, rows, {false, false, true, true, true, true, true, false, false, true, true});
}

int conclude(std::ostream& out, const std::string& what, std::span<const GradReport> reports) {
  std::size_t failed = 0, open = 0;
  for (const GradReport& r : reports) {
    failed += !r.ok;
    open += r.ok && !r.proved;
    const std::string& sentence = r.ok ? r.note : r.failure;
    const std::string label = r.ok && r.proved ? "note" : verdict(r);
    if (!r.ok || !sentence.empty())
      out << label << " " << r.name << ", " << r.example << ": " << sentence << "\n";
  }
  out << what << ": " << (failed > 0 ? cat(failed, " FAILED, ") : "")
      << (open > 0 ? cat(open, " not proved, ") : "") << worst_of(reports) << std::endl;
  return all_ok(reports) ? 0 : 1;
}

std::string worst_of(std::span<const GradReport> reports) {
  const auto worst = std::max_element(reports.begin(), reports.end(), smaller);
  if (worst == reports.end()) return "nothing was checked";
  return cat("worst relative error ", scientific(worst->worst), " (", worst->name, ", ",
             worst->example, ", ", place(*worst), ")");
}

std::string grad_csv(std::span<const GradReport> reports) {
  std::ostringstream out;
  out << std::setprecision(17)
      << "name,example,derivatives,worst_error,tolerance,float_error,input,element,analytic,"
         "numeric,"
         "ok,failure,note,bf16_error\n";
  for (const GradReport& r : reports)
    out << r.name << ',' << quoted(r.example) << ',' << r.derivatives << ',' << r.worst << ','
        << r.tolerance << ',' << r.float_error << ',' << r.input << ',' << r.element << ','
        << r.analytic << ',' << r.numeric << ',' << (r.ok ? 1 : 0) << ',' << quoted(r.failure)
        << ',' << quoted(r.note) << ',' << r.bf16_error << '\n';
  return out.str();
}

}  // namespace planet
