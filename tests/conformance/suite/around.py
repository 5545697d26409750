"""Data flow, flow directives, timeouts, schemas, extensions, functions,
authentication, secrets: what stands around the tasks."""

import base64

from . import fault, scenario

BASIC = "Basic " + base64.b64encode(b"ann:secret").decode()

SCENARIOS = [
    # --- Data flow -------------------------------------------------------------
    scenario("data flows in the order of the specification",
             "input.from output.as export if schema", """
input: {schema: {document: {type: object, required: [raw]}}, from: '${ {w: .raw} }'}
do:
  - step:
      if: '${ .w == 1 }'
      input: {schema: {document: {required: [w]}}, from: '${ {t: .w} }'}
      set: {made: '${ .t }', input: '${ $input.t }', raw: '${ $task.input.w }'}
      output: {as: '${ . + {out: true} }', schema: {document: {required: [out]}}}
      export: {as: '${ {kept: $output.made, out} }', schema: {document: {required: [kept, out]}}}
  - next: {set: '${ {before: ., context: $context} }'}
output: {as: '${ . + {end: true} }', schema: {document: {required: [end]}}}
""", given={"raw": 1},
             output={"before": {"made": 1, "input": 1, "raw": 1, "out": True},
                     "context": {"kept": 1, "out": True}, "end": True}),
    scenario("an input that breaks its schema makes nothing",
             "schema input.schema", """
input: {schema: {document: {type: object, properties: {n: {type: integer}}}}}
do: [{x: {set: {a: 1}}}]
""", given={"n": "one"}, status="faulted", error=fault("validation")),
    scenario("a task's input is checked before it is shaped", "input.schema", """
do:
  - x: {input: {schema: {document: {required: [a]}}, from: '${ {a: 1} }'}, set: {b: 1}}
""", given={}, status="faulted", error=fault("validation", instance="/do/0/x")),
    scenario("an output is checked when it is shaped", "output.schema", """
do:
  - x: {set: {a: 1}, output: {as: .a, schema: {document: {type: string}}}}
""", status="faulted", error=fault("validation")),
    scenario("the context is checked", "export.schema", """
do:
  - x: {set: {a: 1}, export: {as: '${ .a }', schema: {document: {type: object}}}}
""", status="faulted", error=fault("validation")),
    scenario("a task that is skipped passes its raw input on", "if", """
do:
  - x: {if: '${ .no }', input: {from: '${ {other: 1} }'}, set: {ran: true}, output: {as: '${ {as: 1} }'}}
""", given={"a": 1}, output={"a": 1}),
    scenario("the context starts empty", "D8 context", """
do: [{x: {set: '${ $context }'}}]
""", output={}),
    scenario("every variable can be read where it belongs",
             "variables", """
do:
  - x:
      set:
        task: '${ $task.name + " " + $task.reference }'
        started: '${ ($task.startedAt.iso8601 | type) + ($task.startedAt.epoch.seconds | type) }'
        workflow: '${ $workflow.definition.document.name | type }'
        input: '${ $workflow.input.a }'
        id: '${ $workflow.id | length > 3 }'
        runtime: '${ $runtime.name }'
        definition: '${ $task.definition | has("set") }'
""", given={"a": 1},
             output={"task": "x /do/0/x", "started": "stringnumber",
                     "workflow": "string", "input": 1, "id": True,
                     "runtime": "pawl", "definition": True}),
    scenario("big integers survive where nobody calculates", "D25", """
do: [{x: {set: {n: '${ .n }', all: '${ . }'}}}]
""", given={"n": 9007199254740993},
             output={"n": 9007199254740993, "all": {"n": 9007199254740993}}),
    scenario("several results where one is needed are an error", "D25", """
do: [{x: {set: {n: '${ .[] }'}}}]
""", given=[1, 2], status="faulted", error=fault("expression")),
    scenario("no result is null", "D25", """
do: [{x: {set: {n: '${ empty }'}}}]
""", output={"n": None}),
    scenario("an embedded expression is a literal", "D9", """
do: [{x: {set: {text: 'Hello ${ .name }!'}}}]
""", given={"name": "Ann"}, output={"text": "Hello ${ .name }!"},
             warns="${"),
    scenario("in loose mode what fails stays text", "evaluate.loose", """
evaluate: {language: jq, mode: loose}
do: [{x: {set: {a: .n, b: 'no expression at all', c: '${ .n }'}}}]
""", given={"n": 1},
             output={"a": 1, "b": "no expression at all", "c": 1}),
    scenario("data is never evaluated", "D9 expressions", """
do: [{x: {set: {copy: '${ .text }'}}}, {y: {set: '${ . }'}}]
""", given={"text": "${ 1 + 1 }"}, output={"copy": "${ 1 + 1 }"}),

    # --- Flow ------------------------------------------------------------------
    scenario("then leads forward and back", "then then.name", """
do:
  - count: {set: '${ {n: ((.n // 0) + 1)} }'}
  - check: {switch: [{more: {when: .n < 3, then: count}}, {done: {then: last}}]}
  - skipped: {set: {no: true}}
  - last: {set: '${ . + {last: true} }', then: end}
  - never: {set: {no: true}}
""", output={"n": 3, "last": True}),
    scenario("exit leaves its list", "then.exit", """
do:
  - inner: {do: [{a: {set: {n: 1}, then: exit}}, {b: {set: {n: 2}}}]}
  - after: {set: '${ . + {after: true} }'}
""", output={"n": 1, "after": True}),
    scenario("end ends the workflow from within", "then.end", """
do:
  - inner: {do: [{a: {set: {n: 1}, then: end}}]}
  - after: {set: {no: true}}
output: {as: '${ {given: .} }'}
""", output={"given": {"n": 1}}),
    scenario("a task that takes too long is a timeout error", "timeout D-timeout", """
do:
  - guard:
      try: [{long: {wait: PT30S, timeout: {after: {milliseconds: 50}}}}]
      catch: {errors: {with: {type: 'https://serverlessworkflow.io/spec/1.0.0/errors/timeout', status: 408}}, do: [{say: {set: {late: '${ $error.instance }'}}}]}
""", output={"late": "/do/0/guard/try/0/long"}),
    scenario("a timeout may be named", "timeout use.timeouts", """
use: {timeouts: {short: {after: PT0.05S}}}
do: [{long: {wait: PT30S, timeout: short}}]
""", status="faulted", error=fault("timeout", instance="/do/0/long")),
    scenario("the workflow's timeout ends it", "timeout workflow.timeout", """
timeout: {after: PT0.1S}
do: [{long: {wait: PT30S}}]
""", status="faulted", error=fault("timeout")),
    scenario("a call is given up when its time is over", "timeout call.http", """
do: [{get: {call: http, with: {method: get, endpoint: 'http://svc.test/slow'}, timeout: {after: PT0.1S}}}]
""", status="faulted", error=fault("timeout"),
             service=[(200, {}, {}, 2)]),

    # --- Functions, extensions, children -----------------------------------------
    scenario("a function runs with its arguments as input",
             "call.function use.functions", """
use:
  functions:
    double: {set: '${ .n * 2 }'}
do: [{call it: {call: double, with: {n: '${ .x }'}}}]
""", given={"x": 4}, output=8),
    scenario("the built-in log gives its input on", "call.log", """
do: [{say: {call: log, with: {message: 'hello ${ }', level: warn}}}]
""", given={"a": 1}, output={"a": 1}),
    scenario("extensions run around tasks, the first outermost",
             "extensions D15", """
use:
  extensions:
    - outer:
        extend: set
        before: [{ob: {set: {x: 1}, export: {as: '${ $context + {trace: (($context.trace // []) + ["outer before"])} }'}}}]
        after: [{oa: {set: {x: 1}, export: {as: '${ $context + {trace: ($context.trace + ["outer after"])} }'}}}]
    - inner:
        extend: all
        before: [{ib: {set: {lost: true}, export: {as: '${ $context + {trace: ($context.trace + ["inner before"])} }'}}}]
do: [{work: {set: '${ . + {worked: true} }'}}]
""", given={"a": 1}, output={"a": 1, "worked": True},
             context={"trace": ["outer before", "inner before",
                                "outer after"]}),
    scenario("a timeout covers the extensions of its task",
             "timeout extensions D-timeout", """
use:
  extensions:
    - slow: {extend: set, before: [{nap: {wait: PT30S}}]}
do: [{quick: {set: {n: 1}, timeout: {after: PT0.05S}}}]
""", status="faulted", error=fault("timeout", instance="/do/0/quick")),
    scenario("exit before a task skips it", "extensions D15", """
use:
  extensions:
    - guard:
        extend: set
        when: '${ $task.name == "work" }'
        before: [{instead: {set: {mocked: true}, then: exit}}]
do: [{work: {set: {no: true}}}, {next: {set: '${ . + {next: true} }'}}]
""", given={"a": 1}, output={"mocked": True, "next": True}),
    scenario("a child gets the task's input, and its output is the task's",
             "run.workflow D20", """
do: [{it: {run: {workflow: {namespace: tests, name: child-a, version: latest}}}}]
""", given={"n": 2}, output={"n": 3},
             children=(("child-a", "do: [{x: {set: {n: '${ .n + 1 }'}}}]"),)),
    scenario("a child gets the input that it is given", "run.workflow", """
do: [{it: {run: {workflow: {namespace: tests, name: child-b, version: '1.0.0', input: {n: '${ .m }'}}}}}]
""", given={"m": 5}, output={"n": 5},
             children=(("child-b", "do: [{x: {set: '${ . }'}}]"),)),
    scenario("a child's error is the task's", "run.workflow D20", """
do: [{it: {run: {workflow: {namespace: tests, name: child-c, version: '1.0.0'}}}}]
""", status="faulted", error={"type": "https://example.com/child",
                              "instance": "/do/0/it"},
             children=(("child-c", "do: [{x: {raise: {error: {type: "
                        "'https://example.com/child', status: 500}}}}]"),)),
    scenario("a child that is not awaited gives the input on",
             "run.workflow run.await", """
do: [{it: {run: {workflow: {namespace: tests, name: child-d, version: '1.0.0'}, await: false}}}]
""", given={"a": 1}, output={"a": 1},
             children=(("child-d", "do: [{x: {wait: PT0.1S}}]"),)),
    scenario("a workflow that calls itself without end faults",
             "run.workflow D20", """
do: [{it: {run: {workflow: {namespace: tests, name: child-e, version: '1.0.0', input: {}}}}}]
""", status="faulted", error={"status": 500},
             children=(("child-e", "do: [{again: {run: {workflow: {namespace: "
                        "tests, name: child-e, version: '1.0.0'}}}}]"),)),

    # --- Calls -------------------------------------------------------------------
    scenario("call http sends query, headers and body", "call.http", """
do:
  - post:
      call: http
      with:
        method: post
        endpoint: {uri: 'http://svc.test/items/{id}'}
        query: {q: '${ .q }', list: '${ [1, 2] }'}
        headers: {X-One: '${ .q }'}
        body: {n: '${ .id }'}
""", given={"id": 7, "q": "a b"}, output={"ok": True},
             service=[(200, {"ok": True})],
             calls=lambda calls: (
                 (calls[0].method, calls[0].path, calls[0].query,
                  calls[0].headers["x-one"], calls[0].json())
                 == ("POST", "/items/7", {"q": ["a b"], "list": ["1", "2"]},
                     "a b", {"n": 7}) or 1 / 0)),
    scenario("each attempt of a call has the same key",
             "call.http effect.key", """
do:
  - guard:
      try: [{get: {call: http, with: {method: get, endpoint: 'http://svc.test/'}}}]
      catch: {retry: {limit: {attempt: {count: 1}}}}
""", output={}, service=[(500, None), (200, {})],
             calls=lambda calls: (
                 calls[0].headers["idempotency-key"]
                 == calls[1].headers["idempotency-key"]
                 and [c.headers["pawl-attempt"] for c in calls] == ["1", "2"]
                 or 1 / 0)),
    scenario("output: raw is base64", "call.http http.output", """
do: [{get: {call: http, with: {method: get, endpoint: 'http://svc.test/', output: raw}}}]
""", output=base64.b64encode(b'{"a": 1}').decode(),
             service=[(200, {"a": 1})]),
    scenario("output: response shows request and answer", "http.output", """
do:
  - get: {call: http, with: {method: get, endpoint: 'http://svc.test/x', output: response}, output: {as: '${ {statusCode, content, m: .request.method, u: .request.uri, h: (.request.headers | type), t: .headers["Content-Type"]} }'}}
""", output={"statusCode": 200, "content": {"a": 1}, "m": "GET",
             "u": "http://svc.test/x", "h": "object", "t": "application/json"},
             service=[(200, {"a": 1})]),
    scenario("a redirect is an error unless it is wanted",
             "call.http http.redirect", """
do: [{get: {call: http, with: {method: get, endpoint: 'http://svc.test/x'}}}]
""", status="faulted", error=fault("communication", 302),
             service=[(302, None, {"Location": "http://svc.test/y"})]),
    scenario("a redirect is followed when it is wanted", "http.redirect", """
do: [{get: {call: http, with: {method: get, endpoint: 'http://svc.test/x', redirect: true}}}]
""", output={"at": "y"},
             service=[(302, None, {"Location": "http://svc.test/y"}),
                      (200, {"at": "y"})]),
    scenario("an answer of text is text", "call.http D26", """
do: [{get: {call: http, with: {method: get, endpoint: 'http://svc.test/x'}}}]
""", output="just text", service=[(200, "just text")]),
    scenario("call openapi builds the request from the document",
             "call.openapi", """
do:
  - get:
      call: openapi
      with:
        document: {endpoint: 'http://api.test/openapi.json'}
        operationId: getItem
        parameters: {id: '${ .id }', verbose: true, X-Trace: t}
""", given={"id": "a/b"}, output={"got": True},
             service=[(200, {
                 "openapi": "3.0.0", "servers": [{"url": "/v1"}],
                 "paths": {"/items/{id}": {"get": {
                     "operationId": "getItem", "parameters": [
                         {"name": "id", "in": "path", "required": True},
                         {"name": "verbose", "in": "query"},
                         {"name": "X-Trace", "in": "header"}]}}}}),
                 (200, {"got": True})],
             calls=lambda calls: (
                 (calls[1].host, calls[1].path, calls[1].query,
                  calls[1].headers["x-trace"])
                 == ("api.test", "/v1/items/a/b", {"verbose": ["true"]}, "t")
                 or 1 / 0)),
    scenario("an operation that is not there is a configuration error",
             "call.openapi", """
do: [{get: {call: openapi, with: {document: {endpoint: 'http://api.test/2.json'}, operationId: getItme}}}]
""", status="faulted", error=fault("configuration"),
             service=[(200, {"openapi": "3.0.0", "paths": {
                 "/a": {"get": {"operationId": "getItem"}}}})]),
    scenario("a parameter that is missing is a validation error",
             "call.openapi", """
do: [{get: {call: openapi, with: {document: {endpoint: 'http://api.test/3.json'}, operationId: getItem}}}]
""", status="faulted", error=fault("validation"),
             service=[(200, {"openapi": "3.0.0", "paths": {"/{id}": {"get": {
                 "operationId": "getItem",
                 "parameters": [{"name": "id", "in": "path"}]}}}})]),

    # --- Authentication ------------------------------------------------------------
    scenario("basic authentication", "auth.basic", """
do:
  - get:
      call: http
      with: {method: get, endpoint: {uri: 'http://svc.test/', authentication: {basic: {username: ann, password: '${ .p }'}}}}
""", given={"p": "secret"}, output={}, service=[(200, {})],
             calls=lambda calls:
             calls[0].headers["authorization"] == BASIC or 1 / 0),
    scenario("an authentication may be named", "auth.bearer use.authentications",
             """
use: {authentications: {token: {bearer: {token: abc}}}}
do:
  - get: {call: http, with: {method: get, endpoint: {uri: 'http://svc.test/', authentication: {use: token}}}}
""", output={}, service=[(200, {})],
             calls=lambda calls:
             calls[0].headers["authorization"] == "Bearer abc" or 1 / 0),

    # --- Programs --------------------------------------------------------------------
    scenario("run shell gives what is written", "run.shell D21", """
do: [{say: {run: {shell: {command: 'printf "%s-%s-%s" "$1" "$2" "$NAME"', arguments: [a, '${ .b }'], environment: {NAME: n}}}}}]
""", given={"b": "c"}, output="a-c-n", needs="sh"),
    scenario("run shell reads its input", "run.shell run.stdin", """
do: [{say: {run: {shell: {command: cat, stdin: '${ .text }'}}}}]
""", given={"text": "hello"}, output="hello", needs="sh"),
    scenario("a code that is not zero is an error", "run.shell D21", """
do: [{say: {run: {shell: {command: exit 3}}}}]
""", status="faulted", error=fault("runtime"), needs="sh"),
    scenario("return: all gives everything", "run.return D21", """
do: [{say: {run: {shell: {command: 'echo out; echo err >&2; exit 3'}, return: all}}}]
""", output={"code": 3, "stdout": "out", "stderr": "err"}, needs="sh"),
    scenario("return: code gives the code", "run.return D21", """
do: [{say: {run: {shell: {command: exit 3}, return: code}}}]
""", output=3, needs="sh"),
    scenario("return: stderr gives that", "run.return", """
do: [{say: {run: {shell: {command: 'echo err >&2'}, return: stderr}}}]
""", output="err", needs="sh"),
    scenario("programs see nothing of the daemon's environment",
             "run.shell D21", """
do: [{say: {run: {shell: {command: 'env | grep -v -e ^PAWL_EFFECT_KEY= -e ^PAWL_ATTEMPT= | grep -c -i -e pawl_ -e http_proxy || true'}}}}]
""", output="0", needs="sh"),
    scenario("run script runs python", "run.script", """
do: [{say: {run: {script: {language: python, code: 'import sys; print(sys.argv[1:], end="")', arguments: [a]}}}}]
""", output="['a']", needs="python3"),
    scenario("run script runs js", "run.script", """
do: [{say: {run: {script: {language: js, code: 'console.log(1 + 1)'}}}}]
""", output="2", needs="node"),
    scenario("a script may be elsewhere", "run.script run.source", """
do: [{say: {run: {script: {language: python, source: {endpoint: 'http://svc.test/s.py'}}}}}]
""", output="fetched", service=[(200, 'print("fetched")')],
             needs="python3"),
]
