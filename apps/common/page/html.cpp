#include "apps/common/page/html.hpp"

#include "apps/common/files/png.hpp"
#include "apps/common/options/version.hpp"
#include "autograd/base/error.hpp"
#include "nn/files/json.hpp"

namespace planet {
namespace {

std::string base64(std::span<const std::uint8_t> bytes) {
  constexpr char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k)
      three = three << 8 | (i + k < bytes.size() ? bytes[i + k] : 0);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k > bytes.size() ? '=' : letters[three >> (18 - 6 * k) & 63];
  }
  return out;
}

std::string image_tag(std::span<const std::uint8_t> file, const std::string& alt,
                      const std::string& style) {
  return cat("<img src=\"data:image/png;base64,", base64(file), "\" alt=\"", html_text(alt),
             "\" style=\"", style, "\">\n");
}

// The policy makes a browser refuse whatever the page should not hold.
constexpr const char* head = R"(<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none';img-src data:;style-src 'unsafe-inline'">
<link rel="icon" href="data:,">
<style>
:root{color-scheme:light dark;--back:#fff;--text:#1b1f24;--soft:#59636e;--line:#d8dee4;--card:#f4f6f8}
@media(prefers-color-scheme:dark){:root{--back:#0f1318;--text:#e6edf3;--soft:#9aa4ae;--line:#333a42;--card:#191f26}
[stroke="#0072b2"]{stroke:#4aa8e0}[fill="#0072b2"]{fill:#4aa8e0}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:1rem;font:1rem/1.5 system-ui,sans-serif;background:var(--back);color:var(--text)}
h1{font-size:1.6rem;line-height:1.2;margin:.5rem 0;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--line)}
p{margin:.5rem 0;max-width:48rem;overflow-wrap:anywhere}
.lead{font-size:1.15rem}
.soft,figcaption{color:var(--soft);font-size:.9rem}
.row{display:flex;flex-wrap:wrap;gap:1rem 2rem}
figure{margin:.5rem 0;max-width:100%}
img{display:block;image-rendering:pixelated;max-width:100%}
.wide{overflow-x:auto}
.wide img{max-width:none}
.plots{display:grid;gap:1rem}
.plots svg{display:block;width:100%;height:auto}
svg rect[fill=white]{fill:var(--back)}
svg text{fill:var(--text)}
svg line[stroke="#dddddd"]{stroke:var(--line)}
svg line[stroke="#444444"]{stroke:var(--soft)}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .8rem .2rem 0;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child,td:has(svg){text-align:left}
pre{margin:.3rem 0;padding:.6rem;background:var(--card);overflow-x:auto;font-size:.85rem}
summary{cursor:pointer}
</style>
)";

}  // namespace

std::string html_text(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t good = valid_utf8_prefix(std::string_view(text).substr(i));
    for (const char c : text.substr(i, good)) {
      if (c == '<') out += "&lt;";
      else if (c == '>') out += "&gt;";
      else if (c == '&') out += "&amp;";
      else if (c == '"') out += "&quot;";
      else if (static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\t') out += "\uFFFD";
      else out += c;
    }
    i += good;
    if (i < text.size()) out += "\uFFFD", ++i;
  }
  return out;
}

std::string html_picture(std::span<const std::uint8_t> file, const std::string& alt, int width) {
  return image_tag(file, alt, cat("width:", width, "px"));
}

std::string html_sheet(const Image& image, const std::string& alt) {
  return cat("<div class=\"wide\">", image_tag(encode_png(image), alt, ""), "</div>\n");
}

// A little smaller than they were made, so that two or three stand in a row of a large screen.
std::string html_plots(const std::vector<std::string>& svgs, int width) {
  std::string out =
      cat("<div class=\"plots\" style=\"grid-template-columns:repeat(auto-fill,minmax(min("
          "100%,",
          width * 5 / 6, "px),1fr))\">\n");
  for (const std::string& svg : svgs) out += svg;
  return out + "</div>\n";
}

std::string html_table(const std::vector<std::vector<std::string>>& rows) {
  std::string out = "<div class=\"wide\"><table>\n";
  for (const std::vector<std::string>& row : rows) {
    const char* const tag = &row == &rows.front() ? "th" : "td";
    out += "<tr>";
    for (const std::string& cell : row) out += cat("<", tag, ">", cell, "</", tag, ">");
    out += "</tr>\n";
  }
  return out + "</table></div>\n";
}

std::string html_command(const std::string& command, const std::string& what) {
  return cat("<p>", html_text(what), "</p><pre>", html_text(command), "</pre>\n");
}

std::string html_page(const std::string& title, const std::string& body) {
  return cat("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n", head, "<title>", html_text(title),
             "</title>\n</head>\n<body>\n", body, "<p class=\"soft\">Made by ",
             html_text(version_text()), "; one file, nothing is fetched.</p>\n</body>\n</html>\n");
}

}  // namespace planet
