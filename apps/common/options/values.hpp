// Values as people type them, and back: 1e6, 1_000_000, 90s, 512MB, "8:4 16:4".
//
// Options on the command line, keys in config.toml and entries of a checkpoint's metadata are all
// read and written here, so that what was saved reads back as the same value. Errors are the end of
// a sentence ("is 'abc'; it is a whole number, such as 50"); the caller puts the option's name in
// front. Next: run_config.hpp, the options themselves.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace planet {

struct ConvLayer;      // rssm/config.hpp
struct RateDrop;       // nn/adam.hpp
enum class Precision;  // autograd/precision.hpp

/// A span of wall-clock time; 0 is written "none".
struct Duration {
  double seconds = 0;
  bool operator==(const Duration&) const = default;
};

/// How often: every so many episodes ("10"), every so much wall-clock time ("60s"), "never", or as the
/// program sees fit ("auto").
struct Cadence {
  std::int64_t episodes = 0;
  double seconds = 0;
  bool automatic = false;
  bool never() const { return episodes == 0 && seconds == 0 && !automatic; }
  bool operator==(const Cadence&) const = default;
};

/// A number of bytes: "512MB", "2GiB", or just the count.
struct Bytes {
  std::uint64_t count = 0;
  bool operator==(const Bytes&) const = default;
};

// Each throws Error with the end of a sentence when `text` is no such value.
void read_value(std::string_view text, int& value);
void read_value(std::string_view text, std::int64_t& value);
void read_value(std::string_view text, std::uint64_t& value);
void read_value(std::string_view text, double& value);
void read_value(std::string_view text, bool& value);
void read_value(std::string_view text, std::string& value);
void read_value(std::string_view text, Duration& value);  // "90s", "3m", "2h", "none"
void read_value(std::string_view text, Cadence& value);   // "10", "60s", "never", "auto"
void read_value(std::string_view text, Bytes& value);     // "512MB", "2GiB", "auto" is 0
void read_value(std::string_view text, std::vector<ConvLayer>& value);  // "8:4 16:4"
void read_value(std::string_view text, std::vector<RateDrop>& value);   // "20000:5e-4", "none"
void read_value(std::string_view text, Precision& value);               // "f32", "bf16"

// The text that read_value turns into the same value.
std::string write_value(std::int64_t value);
std::string write_value(std::uint64_t value);
inline std::string write_value(int value) { return write_value(std::int64_t{value}); }
std::string write_value(double value);
std::string write_value(bool value);
std::string write_value(const std::string& value);
std::string write_value(const Duration& value);
std::string write_value(const Cadence& value);
std::string write_value(const Bytes& value);
std::string write_value(const std::vector<ConvLayer>& value);
std::string write_value(const std::vector<RateDrop>& value);
std::string write_value(const Precision& value);

// For messages: "1,234,567", "1 update" and "2,000 updates", "1.14 GiB", "2:05" (minutes and seconds, or h:mm:ss).
std::string with_commas(std::int64_t value);
std::string counted(std::int64_t n, std::string_view what);
std::string bytes_text(double bytes);
std::string clock_text(double seconds);
/// printf's %.*f; from 1e15 on, where that would be digits that nobody knows, its %.6g.
std::string fixed(double value, int digits);
/// `words` after `head`, broken between words into lines of at most `width` characters, the last with
/// its end; what follows the first line stands under the words.
std::string paragraph(const std::string& head, const std::string& words, std::size_t width);

}  // namespace planet
