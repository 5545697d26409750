// A fuzzer without libFuzzer: changes what is in the corpus at random, as long
// as it is told. It knows nothing of coverage, but needs no other compiler.
//
//     fuzz_NAME CORPUS SECONDS [SEED]
//
// The input that ends it, by a signal, a sanitizer or by taking more than ten
// seconds of the processor (a busy machine is no fault), is written to "crash"
// in the current directory.
#include "tests/fuzz/driver.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <string>
#include <sys/time.h>
#include <unistd.h>
#include <vector>

// Sanitizers have it; elsewhere it is null.
extern "C" __attribute__((weak)) void
__sanitizer_set_death_callback(void (*callback)()); // NOLINT

namespace {

constexpr std::size_t size_max = 4096;
constexpr std::time_t input_seconds_max = 10;

std::string current; // NOLINT: what is being tried, for the last words.

// Only what a signal handler may do.
void save_current() {
  const int file = ::open("crash", O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0)
    return;
  [[maybe_unused]] auto written = ::write(file, current.data(), current.size());
  ::close(file);
}

void on_signal(int signal) {
  save_current();
  std::signal(signal, SIG_DFL);
  ::raise(signal);
}

void allow(std::time_t seconds) {
  const itimerval left{{}, {seconds, 0}};
  ::setitimer(ITIMER_PROF, &left, nullptr);
}

void try_one(const std::string& input) {
  current = input;
  allow(input_seconds_max);
  // A copy of its own size, so that one byte too far is seen.
  const std::vector<std::uint8_t> exact{input.begin(), input.end()};
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
  allow(0);
}

class mutator {
public:
  mutator(const std::vector<std::string>& corpus, std::uint64_t seed)
      : corpus_{corpus}, random_{seed} {}

  std::string next() {
    auto text = corpus_[below(corpus_.size())];
    for (auto n = 1 + below(4); n > 0; --n)
      change(text);
    if (text.size() > size_max)
      text.resize(size_max);
    return text;
  }

private:
  std::size_t below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>{0, n - 1}(random_);
  }

  /// A piece of any input.
  std::string piece() {
    const auto& from = corpus_[below(corpus_.size())];
    const auto at = below(from.size() + 1);
    return from.substr(at, 1 + below(32));
  }

  void change(std::string& text) {
    static constexpr std::string_view odd{"\0\x01\xff\xc3\x80\n\t {}[]\"'$%&*"
                                          ":,-+.0123456789~/\\#@!?|>",
                                          40};
    const auto at = below(text.size() + 1);
    switch (below(5)) {
    case 0:
      text.insert(at, 1, odd[below(odd.size())]);
      break;
    case 1:
      text.erase(at, 1 + below(16));
      break;
    case 2:
      if (at < text.size())
        text[at] = static_cast<char>(below(256));
      break;
    case 3:
      text.insert(at, piece());
      break;
    default:
      text.replace(at, below(16), piece());
      break;
    }
  }

  const std::vector<std::string>& corpus_;
  std::mt19937_64 random_;
};

std::vector<std::string> read_corpus(const char* folder) {
  std::vector<std::string> out;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator{folder}) {
    if (!entry.is_regular_file())
      continue;
    std::ifstream in{entry.path(), std::ios::binary};
    out.emplace_back(std::istreambuf_iterator<char>{in},
                     std::istreambuf_iterator<char>{});
  }
  return out;
}

} // namespace

int main(int count, char** words) {
  if (count < 3) {
    std::cerr << "usage: " << words[0] << " CORPUS SECONDS [SEED]\n";
    return 2;
  }
  for (const int signal : {SIGABRT, SIGPROF, SIGILL, SIGFPE})
    std::signal(signal, on_signal);
  if (__sanitizer_set_death_callback != nullptr)
    __sanitizer_set_death_callback(save_current);
  else
    std::signal(SIGSEGV, on_signal);
  const auto corpus = read_corpus(words[1]);
  if (corpus.empty()) {
    std::cerr << "the corpus is empty\n";
    return 2;
  }
  for (const auto& each : corpus)
    try_one(each);
  const auto seed
    = count > 3 ? std::strtoull(words[3], nullptr, 10) : std::random_device{}();
  mutator random{corpus, seed};
  const auto end = std::chrono::steady_clock::now()
                   + std::chrono::seconds{std::strtol(words[2], nullptr, 10)};
  std::uint64_t tried = 0;
  for (; std::chrono::steady_clock::now() < end; ++tried)
    try_one(random.next());
  std::cout << corpus.size() << " inputs of the corpus and " << tried
            << " changed ones, seed " << seed << '\n';
}
