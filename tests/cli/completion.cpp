#define BOOST_TEST_MODULE cli.completion

#include "tests/cli/fake_server.hpp"
#include "tests/cli/program.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

using program::run_pawl;

namespace {

const std::string nowhere = "http://127.0.0.1:1";

std::string output_of(const std::string& command) {
  std::string out;
  auto* pipe = popen(command.c_str(), "r"); // NOLINT
  BOOST_REQUIRE(pipe != nullptr);
  char part[4096];
  for (std::size_t n = 0; (n = fread(part, 1, sizeof part, pipe)) > 0;)
    out.append(part, n);
  pclose(pipe);
  return out;
}

bool there_is(const std::string& program) {
  if (!output_of("command -v " + program).empty())
    return true;
  BOOST_TEST_MESSAGE("skipped: there is no " << program);
  return false;
}

/// A file with the script for a shell, which goes with this object.
class script {
public:
  explicit script(const std::string& shell)
      : path_{std::filesystem::temp_directory_path()
              / ("pawl-completion-" + std::to_string(getpid()) + "." + shell)} {
    const auto made = run_pawl(nowhere, {"completion", shell});
    BOOST_TEST(made.code == 0);
    std::ofstream{path_} << made.out;
  }
  ~script() { std::filesystem::remove(path_); }
  script(const script&) = delete;
  script& operator=(const script&) = delete;

  [[nodiscard]] std::string path() const { return path_.string(); }

private:
  std::filesystem::path path_;
};

/// What bash offers behind `words`, the last of which is being written.
std::string bash_offers(const script& file,
                        const std::vector<std::string>& words) {
  std::string line;
  for (const auto& word : words)
    line += " '" + word + "'";
  return output_of("PATH=" PAWL_BINARY_DIR "/bin:$PATH bash -c '. "
                   + file.path()
                   + "; COMP_WORDS=(pawl \"$@\"); COMP_CWORD=$#; _pawl; "
                     "printf \"%s \" \"${COMPREPLY[@]}\"' bash"
                   + line);
}

/// All commands and options, as the help of each tells them.
std::vector<std::pair<std::string, std::vector<std::string>>> all_of_help() {
  std::vector<std::pair<std::string, std::vector<std::string>>> out;
  std::vector<std::vector<std::string>> left{{}};
  while (!left.empty()) {
    auto words = left.back();
    left.pop_back();
    auto asked = words;
    asked.emplace_back("--help");
    std::istringstream help{run_pawl(nowhere, asked).out};
    std::string path;
    for (const auto& word : words)
      path += (path.empty() ? "" : " ") + word;
    std::vector<std::string> options;
    bool commands = false;
    for (std::string line; std::getline(help, line);) {
      if (line.starts_with("Subcommands:"))
        commands = true;
      else if (!line.starts_with("  "))
        commands = false;
      if (!line.starts_with("  ") || line.starts_with("   "))
        continue;
      std::istringstream cells{line};
      std::string first;
      cells >> first;
      if (commands) {
        auto below = words;
        below.push_back(first);
        left.push_back(below);
      }
      std::istringstream names{first}; // "-m,--comment,--reason"
      for (std::string name; std::getline(names, name, ',');)
        if (name.starts_with("--"))
          options.push_back(name);
    }
    out.emplace_back(path, options);
  }
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(completion)

BOOST_AUTO_TEST_CASE(knows_every_command_and_option_of_the_help) {
  const auto all = all_of_help();
  BOOST_TEST(all.size() > 40U);
  for (const auto* shell : {"bash", "zsh", "fish"}) {
    const auto text = run_pawl(nowhere, {"completion", shell}).out;
    for (const auto& [path, options] : all) {
      const auto last = path.substr(path.rfind(' ') + 1);
      BOOST_TEST(text.find(last) != text.npos, shell << ": " << path);
      for (const auto& option : options) {
        const auto name = std::string{shell} == "fish" && option != "--help"
                            ? "-l " + option.substr(2)
                            : option;
        BOOST_TEST((option == "--help" || text.find(name) != text.npos),
                   shell << ": " << path << " " << option);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(offers_in_bash_what_can_stand_there) {
  fake::server daemon{[](const fake::request&) -> fake::reply {
    return {200, R"({"items":[{"id":"order-7"}],"nextCursor":null})"};
  }};
  setenv("PAWL_URL", daemon.url().c_str(), 1);
  const script file{"bash"};
  setenv("PAWL_URL", daemon.url().c_str(), 1); // run_pawl has set it.
  BOOST_TEST(bash_offers(file, {"expl"}) == "explain ");
  BOOST_TEST(bash_offers(file, {"def", "ap"}) == "apply ");
  BOOST_TEST(bash_offers(file, {"pause", "--mode", ""}) == "drain interrupt ");
  BOOST_TEST(bash_offers(file, {"pause", "--rea"}) == "--reason ");
  BOOST_TEST(bash_offers(file, {"ls", "-o", "j"}) == "json jsonl ");
  BOOST_TEST(bash_offers(file, {"ls", "-s", "sus"}) == "suspending suspended ");
  BOOST_TEST(bash_offers(file, {"--name"}) == "--namespace ");
  BOOST_TEST(bash_offers(file, {"history", "--names"}) == "--namespace ");
  BOOST_TEST(bash_offers(file, {"completion", "z"}) == "zsh ");
  BOOST_TEST(bash_offers(file, {"resume", "ord"}) == "order-7 ");
  BOOST_TEST(bash_offers(file, {"redo", "ord"}) == "order-7 ");
  // bash makes three words of --mode=dr.
  BOOST_TEST(bash_offers(file, {"pause", "--mode", "=", "dr"}) == "drain ");
  BOOST_TEST(bash_offers(file, {"pause", "--mode", "="}) == "drain interrupt ");
  // Anything may stand here, so nothing is offered and bash takes files.
  BOOST_TEST(bash_offers(file, {"retry", "order-7", "--input", ""}) == " ");
}

BOOST_AUTO_TEST_CASE(looks_further_than_the_first_page_for_ids) {
  fake::server daemon{[](const fake::request& r) -> fake::reply {
    BOOST_TEST(r.target.find("limit=1000") != r.target.npos, r.target);
    return {200, R"({"items":[{"id":"order-7"}],"nextCursor":null})"};
  }};
  const script file{"bash"};
  setenv("PAWL_URL", daemon.url().c_str(), 1);
  BOOST_TEST(bash_offers(file, {"pause", "ord"}) == "order-7 ");
}

BOOST_AUTO_TEST_CASE(every_help_has_an_example_of_its_own) {
  for (const auto& [path, options] : all_of_help()) {
    std::vector<std::string> asked;
    std::istringstream words{path};
    for (std::string word; words >> word;)
      asked.push_back(word);
    asked.emplace_back("--help");
    const auto help = run_pawl(nowhere, asked).out;
    const auto at = help.find("\nExample");
    BOOST_TEST((at != help.npos), path);
    bool named = path.empty();
    std::istringstream lines{at == help.npos ? "" : help.substr(at)};
    for (std::string line; std::getline(lines, line);)
      named = named || (line + ' ').find(' ' + path + ' ') != line.npos;
    BOOST_TEST(named, path);
  }
}

BOOST_AUTO_TEST_CASE(is_read_by_every_shell) {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const script file{shell};
    if (there_is(shell))
      BOOST_TEST(std::system((shell + " -n " + file.path()).c_str()) == 0,
                 shell);
  }
}

BOOST_AUTO_TEST_CASE(offers_in_fish_what_can_stand_there) {
  if (!there_is("fish"))
    return;
  const script file{"fish"};
  const auto offers = [&](const std::string& line) {
    return output_of("fish --no-config -c 'source " + file.path()
                     + "; complete -C \"" + line + "\"'");
  };
  BOOST_TEST(offers("pawl expl").starts_with("explain\t"));
  BOOST_TEST(offers("pawl -n shop expl").starts_with("explain\t"));
  BOOST_TEST(offers("pawl def ap").starts_with("apply\t"));
  BOOST_TEST(offers("pawl pause --mode ").starts_with("drain\t"));
  BOOST_TEST(offers("pawl pause --rea").starts_with("--reason\t"));
  BOOST_TEST(offers("pawl ls --outp").starts_with("--output\t"));
}

BOOST_AUTO_TEST_SUITE_END()
