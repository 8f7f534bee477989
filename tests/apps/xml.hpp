// Is a text a well formed XML document? As much of it as our plots use: elements, attributes in
// double quotes, text with the entities lt, gt and amp.
#pragma once

#include <cctype>
#include <string>
#include <vector>

namespace planet::test {

/// What is wrong with the document, or "".
inline std::string xml_fault(const std::string& s) {
  std::vector<std::string> open;
  int roots = 0;
  const auto name_at = [&](std::size_t i) {
    std::size_t end = i;
    while (end < s.size() &&
           (std::isalnum(static_cast<unsigned char>(s[end])) || s[end] == '-' || s[end] == ':'))
      ++end;
    return s.substr(i, end - i);
  };
  for (std::size_t i = 0; i < s.size();) {
    if (s[i] != '<') {
      if (open.empty() && !std::isspace(static_cast<unsigned char>(s[i])))
        return "text outside of the document";
      if (s[i] == '&' && s.compare(i, 4, "&lt;") != 0 && s.compare(i, 4, "&gt;") != 0 &&
          s.compare(i, 5, "&amp;") != 0)
        return "a bare ampersand";
      ++i;
      continue;
    }
    const bool closing = i + 1 < s.size() && s[i + 1] == '/';
    const std::string name = name_at(i + (closing ? 2 : 1));
    if (name.empty()) return "an element without a name";
    i += name.size() + (closing ? 2 : 1);
    if (closing) {
      if (open.empty() || open.back() != name) return "</" + name + "> closes nothing";
      if (s[i] != '>') return "</" + name + " has no end";
      open.pop_back();
      ++i;
      continue;
    }
    while (i < s.size() && s[i] == ' ') {  // attributes
      const std::string key = name_at(++i);
      i += key.size();
      if (key.empty() || s.compare(i, 2, "=\"") != 0) return "a bad attribute in <" + name;
      i = s.find('"', i + 2);
      if (i == std::string::npos) return "an attribute without an end in <" + name;
      ++i;
    }
    if (open.empty() && ++roots > 1) return "two documents";
    if (s.compare(i, 2, "/>") == 0) i += 2;
    else if (s.compare(i, 1, ">") == 0) open.push_back(name), ++i;
    else return "<" + name + " has no end";
  }
  if (!open.empty()) return "<" + open.back() + "> is not closed";
  return roots == 1 ? "" : "no document";
}

}  // namespace planet::test
