#define BOOST_TEST_MODULE workflow.parse_calls

#include "tests/support/definitions.hpp"

#include <boost/test/unit_test.hpp>

using namespace pawl;
using namespace pawl::test;

namespace {

std::vector<task_index> indices(std::initializer_list<task_index> all) {
  return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(reads_calls_of_openapi) {
  const auto made
    = parsed(R"(
  - a:
      call: openapi
      with:
        document: {name: pets, endpoint: 'https://x/{v}.json'}
        operationId: find
        parameters: {status: '${ .s }', page: 1}
        authentication: {use: me}
        output: response
        redirect: true
)",
             "use: {authentications: {me: {bearer: {token: t}}}}\n");
  const auto& call = as<tasks::call_openapi>(*made);
  BOOST_TEST(constant_text(call.document.uri) == R"("https://x/{v}.json")");
  BOOST_TEST(call.operation_id == "find");
  BOOST_TEST(program_text(member(*call.parameters, "status")) == " .s ");
  BOOST_TEST(constant_text(member(*call.parameters, "page")) == "1");
  BOOST_TEST((call.access->scheme == authentication::scheme_kind::bearer));
  BOOST_TEST(constant_text(call.access->with) == R"({"token":"t"})");
  BOOST_TEST((call.output == output_kind::response));
  BOOST_TEST(call.redirect);
}

BOOST_AUTO_TEST_CASE(reads_calls_of_the_built_in_log) {
  const auto made = parsed(R"(
  - a: {call: log, with: {message: '${ .m }', level: warn}}
  - b: {call: 'log:1.0.0@default'}
)");
  const auto& a = as<tasks::log>(*made);
  BOOST_TEST(program_text(*a.message) == " .m ");
  BOOST_TEST(constant_text(*a.level) == R"("warn")");
  BOOST_TEST(!as<tasks::log>(*made, 1).message);
}

BOOST_AUTO_TEST_CASE(numbers_functions_behind_the_tasks_that_call_them) {
  const auto made = parsed(R"(
  - a: {call: outer, with: {x: '${ .x }'}}
  - b: {call: inner}
)",
                           R"(use:
  functions:
    inner: {set: {y: 1}}
    outer: {do: [{first: {call: inner}}]}
)");
  BOOST_TEST(made->body == indices({0, 1}), boost::test_tools::per_element());
  BOOST_REQUIRE_EQUAL(made->tasks.size(), 5U);
  BOOST_TEST(made->tasks[2].pointer == "/use/functions/inner");
  BOOST_TEST(made->tasks[2].name == "inner");
  BOOST_TEST(made->tasks[3].pointer == "/use/functions/outer");
  BOOST_TEST(made->tasks[4].pointer == "/use/functions/outer/do/0/first");
  BOOST_TEST(as<tasks::call_function>(*made, 0).function == 3U);
  BOOST_TEST(as<tasks::call_function>(*made, 1).function == 2U);
  BOOST_TEST(as<tasks::call_function>(*made, 4).function == 2U);
  BOOST_TEST(program_text(member(*as<tasks::call_function>(*made).with, "x"))
             == " .x ");
  BOOST_TEST(!as<tasks::call_function>(*made, 1).with);
}

BOOST_AUTO_TEST_CASE(lets_a_function_of_the_document_be_called_log) {
  const auto made
    = parsed("  - a: {call: log}\n", "use: {functions: {log: {wait: PT1S}}}\n");
  BOOST_TEST(as<tasks::call_function>(*made).function == 1U);
}

BOOST_AUTO_TEST_CASE(finds_faults_of_functions) {
  constexpr row rows[] = {
    {"do: [{a: {call: htpp}}]", "/do/0/a/call", 2, 17,
     "'use.functions' has no 'htpp', and no protocol or built-in function has "
     "that name. Did you mean 'http'?"},
    {"do: [{a: {call: f, with: 5}}]\nuse: {functions: {f: {wait: PT1S}}}",
     "/do/0/a/with", 2, 26, "'with' of a function must be an object"},
    {"do: []\nuse: {functions: {f: {wait: PT1S, then: g}}}",
     "/use/functions/f/then", 3, 41, "there is no way from a function to 'g'"},
    {"do: []\nuse: {functions: {f: {do: [{a: {call: f}}]}}}",
     "/use/functions/f/do/0/a/call", 3, 39, "the function 'f' calls itself"},
    {"do: []\nuse: {functions: {f: {call: g}, g: {do: [{a: {call: f}}]}}}",
     "/use/functions/g/do/0/a/call", 3, 53, "the function 'f' calls itself"},
    {"do: []\nuse: {functions: []}", "/use/functions", 3, 18,
     "'use.functions' must be an object"},
    {"do: [{a: {call: 'f:1.0.0@c'}}]", "/do/0/a/call", 2, 17,
     "'use.catalogs' has no 'c'."},
    {"do: [{a: {call: 'f@c'}}]", "/do/0/a/call", 2, 17,
     "'f@c' is not a function of a catalog, which is written "
     "'name:version@catalog'"},
    {"do: []\nuse: {catalogs: {default: {endpoint: 'https://x'}}}",
     "/use/catalogs/default", 3, 18, "the catalog 'default' is built in"},
    {"do: []\nuse: {catalogs: {c: {endpoint: '${ .x }'}}}",
     "/use/catalogs/c/endpoint", 3, 32, "a URI is needed that is known when"},
    {"do: []\nuse: {catalogs: {c: {endpoint: '/x'}}}",
     "/use/catalogs/c/endpoint", 3, 32, "'/x' is no whole URI"},
  };
  check_behind_header(rows, errc::invalid_definition);
}

BOOST_AUTO_TEST_CASE(bounds_how_deep_functions_call_one_another) {
  const auto chain = [](int length) {
    std::string more = "use:\n  functions:\n";
    for (int i = 0; i < length; ++i)
      more += "    f" + std::to_string(i) + ": {call: f" + std::to_string(i + 1)
              + "}\n";
    return std::string{header} + more + "    f" + std::to_string(length)
           + ": {wait: PT1S}\ndo: []\n";
  };
  BOOST_TEST(static_cast<bool>(parse_definition(chain(31))));
  for (const int length : {32, 33, 5000}) {
    const auto got = parse_definition(chain(length));
    BOOST_TEST_REQUIRE(!got);
    BOOST_TEST(got.error().detail.find("32 functions deep")
                 != std::string::npos,
               got.error().detail);
  }
}

BOOST_AUTO_TEST_CASE(reads_programs) {
  const auto made = parsed(R"(
  - a:
      run:
        await: false
        return: all
        shell:
          command: echo ${HOME} $1
          stdin: '${ .in }'
          arguments: [x, '${ .y }']
          environment: {A: '${ .a }', N: 5}
  - b: {run: {script: {language: javascript, code: 'x = `${y}`'}}}
  - c: {run: {script: {language: python, source: {endpoint: 'file://x.py'}}}}
  - d:
      run:
        return: none
        container:
          image: alpine
          name: '${ .n }'
          command: ls
          ports: {'80': 8080}
          volumes: {/a: /b}
          environment: {A: b}
          pullPolicy: always
          lifetime: {cleanup: eventually, after: PT1H}
)");
  using kind = tasks::run_program::kind;
  using return_kind = tasks::run_program::return_kind;
  BOOST_TEST(made->warnings.empty());
  const auto& a = as<tasks::run_program>(*made);
  BOOST_TEST((a.what == kind::shell));
  BOOST_TEST(!a.await);
  BOOST_TEST((a.returns == return_kind::all));
  BOOST_TEST(constant_text(member(a.with, "command"))
             == R"("echo ${HOME} $1")");
  BOOST_TEST(program_text(member(a.with, "stdin")) == " .in ");
  BOOST_TEST(program_text(member(member(a.with, "environment"), "A"))
             == " .a ");
  const auto& b = as<tasks::run_program>(*made, 1);
  BOOST_TEST(b.language == "js");
  BOOST_TEST(b.await);
  BOOST_TEST((b.returns == return_kind::stdout_));
  BOOST_TEST(constant_text(b.with) == R"({"code":"x = `${y}`"})");
  const auto& c = as<tasks::run_program>(*made, 2);
  BOOST_TEST(c.language == "python");
  BOOST_TEST(constant_text(c.source->uri) == R"("file://x.py")");
  const auto& d = as<tasks::run_program>(*made, 3);
  BOOST_TEST((d.what == kind::container));
  BOOST_TEST((d.returns == return_kind::none));
  BOOST_TEST(constant_text(member(d.with, "lifetime"))
             == R"({"cleanup":"eventually","after":"PT1H"})");
  BOOST_TEST(constant_text(member(d.with, "pullPolicy")) == R"("always")");
}

BOOST_AUTO_TEST_CASE(reads_child_workflows) {
  const auto made = parsed(R"(
  - a: {run: {workflow: {namespace: n, name: w, version: latest}}}
  - b:
      run:
        await: false
        workflow: {namespace: n, name: w, version: 1.0.0, input: {x: '${ .x }'}}
)");
  const auto& a = as<tasks::run_workflow>(*made);
  BOOST_TEST(a.version == "latest");
  BOOST_TEST(!a.input);
  BOOST_TEST(a.await);
  const auto& b = as<tasks::run_workflow>(*made, 1);
  BOOST_TEST(b.ns == "n");
  BOOST_TEST(b.name == "w");
  BOOST_TEST(b.version == "1.0.0");
  BOOST_TEST(program_text(member(*b.input, "x")) == " .x ");
  BOOST_TEST(!b.await);
}

BOOST_AUTO_TEST_CASE(finds_faults_of_programs) {
  constexpr row rows[] = {
    {"do: [{a: {run: {}}}]", "/do/0/a/run", 2, 16,
     "'run' needs exactly one of 'shell',"},
    {"do: [{a: {run: {shell: {command: x}, script: {language: js, code: x}}}}]",
     "/do/0/a/run", 2, 16, "'run' needs exactly one of 'shell',"},
    {"do: [{a: {run: {shell: {}}}}]", "/do/0/a/run/shell", 2, 24,
     "'shell' needs 'command'"},
    {"do: [{a: {run: {shell: {command: x, arguments: {a: b}}}}}]",
     "/do/0/a/run/shell/arguments", 2, 48, "'arguments' must be a list"},
    {"do: [{a: {run: {shell: {command: x, arguments: [5]}}}}]",
     "/do/0/a/run/shell/arguments/0", 2, 49, "an argument is text"},
    {"do: [{a: {run: {shell: {command: x, environment: [5]}}}}]",
     "/do/0/a/run/shell/environment", 2, 50, "'environment' must be an object"},
    {"do: [{a: {run: {script: {language: js}}}}]", "/do/0/a/run/script", 2, 25,
     "'script' needs either 'code' or 'source'"},
    {"do: [{a: {run: {container: {image: x, lifetime: {cleanup: always, "
     "after: PT1S}}}}}]",
     "/do/0/a/run/container/lifetime", 2, 49, "'after' needs 'cleanup: event"},
    {"do: [{a: {run: {container: {image: x, lifetime: {cleanup: eventually}}}}}"
     "]",
     "/do/0/a/run/container/lifetime", 2, 49, "'cleanup: eventually' needs"},
    {"do: [{a: {run: {container: {image: x, pullPolicy: often}}}}]",
     "/do/0/a/run/container/pullPolicy", 2, 51, "'often' is not one of"},
    {"do: [{a: {run: {workflow: {namespace: n, name: w, version: x}}}}]",
     "/do/0/a/run/workflow/version", 2, 60, "'x' is not a semantic version"},
  };
  check_behind_header(rows, errc::invalid_definition);
}

BOOST_AUTO_TEST_CASE(reads_forks_and_side_by_side_loops) {
  const auto made = parsed(R"(
  - a: {fork: {compete: true, branches: [{x: {wait: PT1S, then: exit}}, {y: {set: {a: 1}, then: end}}]}}
  - b: {for: {in: .x}, do: [], metadata: {concurrency: 8}}
)");
  const auto& a = as<tasks::fork>(*made);
  BOOST_TEST(a.compete);
  BOOST_TEST(a.branches == indices({1, 2}), boost::test_tools::per_element());
  BOOST_TEST(made->tasks[0].end == 3U);
  BOOST_TEST(made->tasks[1].pointer == "/do/0/a/fork/branches/0/x");
  BOOST_TEST(as<tasks::for_each>(*made, 3).concurrency == 8U);
  constexpr row rows[] = {
    {"do: [{a: {fork: {branches: [{x: {wait: PT1S, then: y}}, {y: {wait: PT1S}}"
     "]}}}]",
     "/do/0/a/fork/branches/0/x/then", 2, 52,
     "there is no way from a branch of a fork to 'y'"},
    {"do: [{a: {fork: {branches: [{x: {wait: PT1S}}, {x: {wait: PT1S}}]}}}]",
     "/do/0/a/fork/branches/1/x", 2, 49, "a task named 'x' is in this list"},
    {"do: [{a: {wait: PT1S, metadata: {concurrency: 5}}}]",
     "/do/0/a/metadata/concurrency", 2, 47, "'metadata.concurrency' belongs"},
    {"do: [{a: {for: {in: .x}, do: [], metadata: {concurrency: 0}}}]",
     "/do/0/a/metadata/concurrency", 2, 58, "it must be at least 1"},
    {"do: [{a: {for: {in: [1]}, do: []}}]", "/do/0/a/for/in/0", 2, 22,
     "the items of a list that is written down are objects"},
  };
  check_behind_header(rows, errc::invalid_definition);
}
