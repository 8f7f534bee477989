// The one writer: what it replaces, what it writes into, and what it leaves alone.
#include "nn/files/atomic_file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "tests/support/scratch_folder.hpp"

using namespace planet;
using namespace planet::test;
namespace fs = std::filesystem;

TEST_CASE("a symbolic link is followed and stays") {
  const ScratchFolder folder;
  fs::create_directory(folder / "big");
  write_bytes(folder / "big/c.csv", "old");
  fs::create_symlink("big/c.csv", folder / "link");
  fs::create_symlink("link", folder / "link of link");
  for (const char* name : {"link", "link of link"}) {
    write_text_atomically(folder / name, name);
    CHECK(fs::is_symlink(folder / name));
    CHECK(read_bytes(folder / "big/c.csv") == name);
  }
  fs::create_symlink("big/not yet", folder / "dangling");
  write_text_atomically(folder / "dangling", "new");
  CHECK(fs::is_symlink(folder / "dangling"));
  CHECK(read_bytes(folder / "big/not yet") == "new");
  fs::create_symlink("circle", folder / "circle");
  CHECK(error_of([&] {
          write_text_atomically(folder / "circle", "");
        }).ends_with("its symbolic links lead in a circle"));
}

TEST_CASE("a pipe and a device are written straight into") {
  const ScratchFolder folder;
  const fs::path pipe = folder / "pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  std::string read;
  std::thread reader([&] { read = read_bytes(pipe); });
  write_text_atomically(pipe, "through the pipe");
  reader.join();
  CHECK(read == "through the pipe");
  CHECK(fs::is_fifo(pipe));

  // What a shell's >(cat) is: a name of a descriptor.
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const std::string name = cat("/dev/fd/", ends[1]);
  require_writable(name);
  write_text_atomically(name, "by its number");
  char bytes[32];
  const ssize_t n = ::read(ends[0], bytes, sizeof bytes);
  CHECK(std::string(bytes, static_cast<std::size_t>(std::max<ssize_t>(n, 0))) == "by its number");
  close(ends[0]), close(ends[1]);

  // By links: a writer that replaces what it finds must not reach the devices.
  fs::create_symlink("/dev/null", folder / "null");
  fs::create_symlink("/dev/full", folder / "full");
  write_text_atomically(folder / "null", "gone");
  CHECK(fs::is_character_file("/dev/null"));
  CHECK(fs::is_symlink(folder / "null"));
  CHECK(contains(error_of([&] { write_text_atomically(folder / "full", "more than fits"); }),
                 "full was not written: writing failed: No space left on device"));
}

TEST_CASE("a file that is stdout already goes on where stdout is") {
  const ScratchFolder folder;
  const fs::path out = folder / "out";
  const int before = dup(STDOUT_FILENO), file = open(out.c_str(), O_WRONLY | O_CREAT, 0600);
  REQUIRE((file >= 0 && before >= 0));
  dup2(file, STDOUT_FILENO);
  const bool said = write(STDOUT_FILENO, "first ", 6) == 6;
  write_text_atomically("/dev/stdout", "second ");
  const bool more = write(STDOUT_FILENO, "third", 5) == 5;
  dup2(before, STDOUT_FILENO);
  close(before), close(file);
  CHECK((said && more));
  CHECK(read_bytes(out) == "first second third");
}

TEST_CASE("other names of a file keep the old bytes and its permissions go on") {
  const ScratchFolder folder;
  write_bytes(folder / "a", "old");
  REQUIRE(chmod((folder / "a").c_str(), 0640) == 0);
  fs::create_hard_link(folder / "a", folder / "copy");
  write_text_atomically(folder / "a", "new");
  CHECK(read_bytes(folder / "a") == "new");
  CHECK(read_bytes(folder / "copy") == "old");
  CHECK(static_cast<int>(fs::status(folder / "a").permissions()) == 0640);
}

TEST_CASE("what cannot be written is known before and nothing is left behind") {
  const ScratchFolder folder;
  write_bytes(folder / "file", "kept");
  CHECK(error_of([&] {
          require_writable(folder / "nowhere" / "x");
        }).ends_with("nowhere/x cannot be written: No such file or directory"));
  CHECK(error_of([&] {
          require_writable(folder / "file" / "x");
        }).ends_with("file/x cannot be written: Not a directory"));
  CHECK(error_of([&] {
          require_writable(folder.path());
        }).ends_with("cannot be written: it is a folder"));
  CHECK(error_of([&] {
          make_folder(folder / "file" / "x");
        }).ends_with("file/x: the folder cannot be made: Not a directory"));
  require_writable(folder / "file");
  require_writable(folder / "new");
  make_folder(folder / "a" / "b");
  CHECK(read_bytes(folder / "file") == "kept");
  CHECK(folder.files() == 2);
  CHECK(fs::is_empty(folder / "a" / "b"));
}

TEST_CASE("only a writer's own temporaries are known as such") {
  CHECK(name_of_temporary("config.toml.tmp-123-4") == "config.toml");
  CHECK(name_of_temporary("a.tmp-1-2.tmp-3-4") == "a.tmp-1-2");
  for (const char* name : {"thesis.tmp-final.tex", "plan.tmp-2024.md", "x.tmp-12", "x.tmp-1-",
                           "x.tmp--2", "x.tmp-1-2-3", "x.tmp-1-2.md", ".tmp-1-2", "x"})
    CHECK(name_of_temporary(name) == "");
}
