"""Every task type but calls, with every property."""

from . import event, fault, scenario

SCENARIOS = [
    # --- do, set, switch, raise, wait ---------------------------------------
    scenario("do runs its tasks one after the other", "do", """
do:
  - outer:
      do:
        - one: {set: {a: 1}}
        - two: {set: '${ . + {b: 2} }'}
""", output={"a": 1, "b": 2}),
    scenario("set replaces the data, and evaluates deeply", "set", """
do:
  - all: {set: {a: ['${ .x }', {b: '${ .x + 1 }'}], c: plain, d: null}}
""", given={"x": 1, "gone": True},
             output={"a": [1, {"b": 2}], "c": "plain", "d": None}),
    scenario("set may be one expression", "set set.expression", """
do:
  - all: {set: '${ .items | length }'}
""", given={"items": [1, 2]}, output=2),
    scenario("switch takes the first case that matches", "switch", """
do:
  - choose:
      switch:
        - low: {when: .n < 3, then: small}
        - also: {when: .n < 9, then: large}
        - other: {then: exit}
  - large: {set: {size: large}, then: end}
  - small: {set: {size: small}}
""", given={"n": 1}, output={"size": "small"}),
    scenario("switch falls back on the case without when", "switch", """
do:
  - choose:
      switch:
        - other: {then: last}
        - low: {when: .n < 3, then: end}
  - skipped: {set: {no: true}}
  - last: {set: '${ . + {last: true} }'}
""", given={"n": 5}, output={"n": 5, "last": True}),
    scenario("switch without a match goes on by its own then", "switch", """
do:
  - choose: {switch: [{low: {when: .n < 3, then: wrong}}], then: right}
  - wrong: {set: {no: true}}
  - right: {set: {yes: true}}
""", given={"n": 5}, output={"yes": True}),
    scenario("raise makes an error of expressions", "raise", """
do:
  - stop:
      raise:
        error:
          type: https://example.com/errors/stopped
          status: 418
          title: '${ "No " + .what }'
          detail: '${ .why }'
""", given={"what": "tea", "why": "a teapot"}, status="faulted",
             error={"type": "https://example.com/errors/stopped",
                    "status": 418, "title": "No tea", "detail": "a teapot",
                    "instance": "/do/0/stop"}),
    scenario("raise refers to use.errors by name", "raise use.errors", """
use: {errors: {broken: {type: 'https://example.com/broken', status: 500}}}
do:
  - list:
      do:
        - stop: {raise: {error: broken}}
""", status="faulted", error={"type": "https://example.com/broken",
                              "instance": "/do/0/list/do/0/stop"}),
    scenario("wait takes an object", "wait", """
do: [{rest: {wait: {milliseconds: 150}}}]
""", given={"a": 1}, output={"a": 1}, least=0.15),
    scenario("wait takes ISO 8601", "wait", """
do: [{rest: {wait: PT0.15S}}]
""", given={"a": 1}, output={"a": 1}, least=0.15),
    scenario("wait takes an expression", "wait", """
do: [{rest: {wait: '${ .long }'}}]
""", given={"long": "PT0.15S"}, output={"long": "PT0.15S"}, least=0.15),

    # --- for -----------------------------------------------------------------
    scenario("for hands the output of a round to the next", "for", """
do:
  - loop:
      for: {in: .list}
      do: [{add: {set: '${ {list: .list, sum: ((.sum // 0) + $item), at: $index} }'}}]
""", given={"list": [1, 2, 3]},
             output={"list": [1, 2, 3], "sum": 6, "at": 2}),
    scenario("for names its variables", "for for.at", """
do:
  - loop:
      for: {each: color, at: place, in: '${ .colors }'}
      do: [{add: {set: '${ . + {($color): $place} }'}}]
      output: {as: 'del(.colors)'}
""", given={"colors": ["red", "blue"]}, output={"red": 0, "blue": 1}),
    scenario("for stops when while does not hold", "for for.while D22", """
do:
  - loop:
      for: {in: '${ [1, 2, 3, 4] }'}
      while: '${ (.seen // 0) < 2 }'
      do: [{see: {set: {seen: '${ $item }'}}}]
""", output={"seen": 2}),
    scenario("for checks while before the first round", "for.while D22", """
do:
  - loop:
      for: {in: '${ [1] }'}
      while: 'false'
      do: [{see: {set: {seen: true}}}]
""", given={"a": 1}, output={"a": 1}),
    scenario("for takes a list that is written out", "for", """
do:
  - loop:
      for: {in: [{n: 1}, {n: 2}]}
      do: [{add: {set: {last: '${ $item.n }'}}}]
""", output={"last": 2}),
    scenario("for over nothing gives its input", "for D22", """
do:
  - loop: {for: {in: '${ [] }'}, do: [{x: {set: {no: 1}}}]}
""", given={"a": 1}, output={"a": 1}),
    scenario("for over what is no list faults", "for D22", """
do:
  - loop: {for: {in: '${ 5 }'}, do: [{x: {set: {no: 1}}}]}
""", status="faulted", error=fault("expression", instance="/do/0/loop")),
    scenario("for takes many results as the list", "for D25", """
do:
  - loop:
      for: {in: '${ .list[] }'}
      do: [{add: {set: '${ {list: .list, n: ((.n // 0) + $item)} }'}}]
""", given={"list": [1, 2]}, output={"list": [1, 2], "n": 3}),
    scenario("for with a concurrency collects in order",
             "for for.concurrency", """
do:
  - loop:
      for: {in: '${ [3, 1, 2] }'}
      metadata: {concurrency: 2}
      do:
        - rest: {wait: '${ "PT0.0\\($item)S" }'}
        - give: {set: '${ {n: $item, at: $index} }'}
""", output=[{"n": 3, "at": 0}, {"n": 1, "at": 1}, {"n": 2, "at": 2}]),

    # --- fork ----------------------------------------------------------------
    scenario("fork gives the outputs in the order of the branches",
             "fork D3", """
do:
  - both:
      fork:
        branches:
          - slow: {do: [{rest: {wait: PT0.1S}}, {say: {set: {n: 1}}}]}
          - fast: {set: {n: 2}}
""", output=[{"n": 1}, {"n": 2}]),
    scenario("fork with compete gives the first output", "fork.compete D3", """
do:
  - race:
      fork:
        compete: true
        branches:
          - slow: {do: [{rest: {wait: PT30S}}, {say: {set: {n: 1}}}]}
          - fast: {set: {n: 2}}
""", output={"n": 2}),
    scenario("fork faults when a branch does", "fork D3", """
do:
  - both:
      fork:
        branches:
          - bad: {raise: {error: {type: 'https://example.com/bad', status: 500}}}
          - slow: {wait: PT30S}
""", status="faulted", error={"type": "https://example.com/bad"}),
    scenario("a branch that faults loses the race", "fork.compete D3", """
do:
  - race:
      fork:
        compete: true
        branches:
          - bad: {raise: {error: {type: 'https://example.com/bad', status: 500}}}
          - good: {do: [{rest: {wait: PT0.05S}}, {say: {set: {n: 2}}}]}
""", output={"n": 2}),
    scenario("a race that all lose faults with the last error",
             "fork.compete D3", """
do:
  - race:
      fork:
        compete: true
        branches:
          - late: {do: [{rest: {wait: PT0.05S}}, {no: {raise: {error: {type: 'https://example.com/late', status: 500}}}}]}
          - soon: {raise: {error: {type: 'https://example.com/soon', status: 500}}}
""", status="faulted", error={"type": "https://example.com/late"}),
    scenario("exit leaves a concurrent loop", "for for.concurrency then.exit", """
do:
  - each:
      for: {each: n, in: '${ [1, 2, 3, 4, 5] }'}
      metadata: {concurrency: 1}
      do:
        - enough: {if: '$n == 2', set: '${ "left" }', then: exit}
        - on: {set: '${ $n }'}
""", output=[1, "left"]),
    scenario("exit ends its branch", "fork D3 then.exit", """
do:
  - both:
      fork:
        branches:
          - one: {do: [{stop: {set: {n: 1}, then: exit}}, {no: {set: {n: 9}}}]}
          - two: {set: {n: 2}}
""", output=[{"n": 1}, {"n": 2}]),
    scenario("end in a branch ends the workflow", "fork D3 then.end", """
do:
  - both:
      fork:
        branches:
          - one: {do: [{stop: {set: {n: 1}, then: end}}]}
          - two: {wait: PT30S}
  - after: {set: {no: true}}
""", check=lambda daemon, ended: ended["status"] == "completed" or 1 / 0,
),
    scenario("no update of the context is lost between branches",
             "fork D3 export", """
do:
  - all:
      fork:
        branches:
          - a: {set: {x: 1}, export: {as: '${ $context + {a: 1} }'}}
          - b: {set: {x: 1}, export: {as: '${ $context + {b: 1} }'}}
          - c: {set: {x: 1}, export: {as: '${ $context + {c: 1} }'}}
""", output=[{"x": 1}] * 3, context={"a": 1, "b": 1, "c": 1}),

    # --- try -----------------------------------------------------------------
    scenario("try catches what its filter matches, over all bases",
             "try try.filter D11", """
do:
  - guard:
      try: [{bad: {raise: {error: {type: 'https://serverlessworkflow.io/spec/1.0.0/errors/timeout', status: 408, title: T, detail: D}}}}]
      catch:
        errors: {with: {type: 'https://open-workflow-specification.org/dsl/errors/types/timeout', status: 408, title: T, detail: D, instance: /do/0/guard/try/0/bad}}
        as: caught
        do: [{tell: {set: {why: '${ $caught.title }'}}}]
""", output={"why": "T"}),
    scenario("an error that the filter does not match goes on up",
             "try.filter", """
do:
  - guard:
      try: [{bad: {raise: {error: {type: 'https://example.com/a', status: 500}}}}]
      catch: {errors: {with: {status: 501}}, do: [{no: {set: {no: 1}}}]}
""", status="faulted", error={"type": "https://example.com/a"}),
    scenario("when and exceptWhen see the error", "try D5", """
do:
  - one:
      try: [{bad: {raise: {error: {type: 'https://example.com/a', status: 503}}}}]
      catch: {when: '${ .status == 503 and $error.status == 503 }', do: [{say: {set: {one: true}}}]}
  - two:
      try: [{bad: {raise: {error: {type: 'https://example.com/a', status: 503}}}}]
      catch: {exceptWhen: .status == 503, do: [{no: {set: {no: true}}}]}
""", status="faulted", error={"status": 503, "instance": "/do/1/two/try/0/bad"}),
    scenario("catch.do starts from the input of the try", "try D5", """
do:
  - guard:
      input: {from: '${ {given: .} }'}
      try: [{lose: {set: {gone: true}}}, {bad: {raise: {error: {type: 'https://example.com/a', status: 500}}}}]
      catch: {do: [{say: {set: '${ . + {caught: $error.status} }'}}]}
""", given={"x": 1}, output={"given": {"x": 1}, "caught": 500}),
    scenario("an error without retry and do is swallowed", "try D5", """
do:
  - guard:
      try: [{lose: {set: {gone: true}}}, {bad: {raise: {error: {type: 'https://example.com/a', status: 500}}}}]
      catch: {}
""", given={"x": 1}, output={"x": 1}),
    scenario("catch.then counts once an error was caught",
             "try try.then", """
do:
  - guard:
      try: [{bad: {raise: {error: {type: 'https://example.com/a', status: 500}}}}]
      catch: {then: last}
  - skipped: {set: {no: true}}
  - last: {set: {last: true}}
""", output={"last": True}),
    scenario("the last error goes up when retries are used up",
             "try retry D5 D6", """
do:
  - guard:
      try: [{get: {call: http, with: {method: get, endpoint: 'http://svc.test/x'}}}]
      catch: {retry: {limit: {attempt: {count: 2}}}}
""", status="faulted", error=fault("communication", 503),
             service=[(503, None)] * 3,
             calls=lambda calls: len(calls) == 3 or 1 / 0),
    scenario("catch.do runs when retries are used up", "try retry D5", """
use: {retries: {twice: {delay: {milliseconds: 1}, backoff: {linear: {}}, limit: {attempt: {count: 2}}}}}
do:
  - guard:
      try: [{get: {call: http, with: {method: get, endpoint: 'http://svc.test/x'}}}]
      catch: {retry: twice, do: [{say: {set: {caught: '${ $error.status }'}}}]}
""", output={"caught": 500}, service=[(500, None)] * 3,
             calls=lambda calls: len(calls) == 3 or 1 / 0),
    scenario("retry heeds when and exceptWhen", "retry D5", """
do:
  - guard:
      try: [{get: {call: http, with: {method: get, endpoint: 'http://svc.test/x'}}}]
      catch:
        retry: {when: .status >= 500, exceptWhen: '${ $error.status == 501 }', limit: {attempt: {count: 9}}}
        do: [{say: {set: {caught: '${ $error.status }'}}}]
""", output={"caught": 501}, service=[(500, None), (503, None), (501, None)],
             calls=lambda calls: len(calls) == 3 or 1 / 0),
    scenario("delays grow exponentially, and jitter adds",
             "retry retry.backoff D14", """
do:
  - guard:
      try: [{get: {call: http, with: {method: get, endpoint: 'http://svc.test/x'}}}]
      catch:
        retry:
          delay: PT0.05S
          backoff: {exponential: {}}
          jitter: {from: {milliseconds: 10}, to: {milliseconds: 20}}
          limit: {attempt: {count: 3}}
""", output={"ok": True}, service=[(500, None)] * 3 + [(200, {"ok": True})],
             least=0.05 + 0.1 + 0.2 + 3 * 0.01),
    scenario("a delay is computed from the input of the try",
             "retry D5", """
do:
  - guard:
      try: [{get: {call: http, with: {method: get, endpoint: 'http://svc.test/x'}}}]
      catch: {retry: {delay: '${ .delay }', limit: {attempt: {count: 1}}}}
""", given={"delay": "PT0.1S"}, output={"ok": True},
             service=[(500, None), (200, {"ok": True})], least=0.1),
    scenario("Retry-After is the least delay", "retry D14", """
do:
  - guard:
      try: [{get: {call: http, with: {method: get, endpoint: 'http://svc.test/x'}}}]
      catch: {retry: {limit: {attempt: {count: 1}}}}
""", output={"ok": True},
             service=[(503, None, {"Retry-After": "1"}), (200, {"ok": True})],
             least=1),
    scenario("the time of all attempts is bounded", "retry retry.limit", """
do:
  - guard:
      try: [{get: {call: http, with: {method: get, endpoint: 'http://svc.test/x'}}}]
      catch:
        retry: {delay: {seconds: 9}, limit: {duration: PT5S}}
        do: [{say: {set: {caught: true}}}]
""", output={"caught": True}, service=[(500, None)]),

    # --- emit and listen -----------------------------------------------------
    scenario("emit gives the event, with what was left out", "emit", """
do:
  - tell: {emit: {event: {with: {type: com.example.told, source: 'https://example.com', subject: '${ .s }', data: {n: '${ .n }'}, custom: x}}}}
  - show: {set: '${ {ok: (.id != null and .time != null and .specversion == "1.0"), type, source, subject, data, custom} }'}
""", given={"s": "sub", "n": 1},
             output={"ok": True, "type": "com.example.told",
                     "source": "https://example.com", "subject": "sub",
                     "data": {"n": 1}, "custom": "x"}),
    scenario("emit makes up a source", "emit emit.source", """
do:
  - tell: {emit: {event: {with: {type: com.example.told}}}}
""", check=lambda daemon, ended: "/1.0.0" in ended["output"]["source"]
             or 1 / 0),
    scenario("listen.one gives the data of the event", "listen", """
do:
  - hear: {listen: {to: {one: {with: {type: com.example.one}}}}}
""", events=(event("com.example.other", 0), event("com.example.one", {"n": 1})),
             output=[{"n": 1}]),
    scenario("listen reads envelopes when told", "listen listen.read", """
do:
  - hear: {listen: {to: {one: {with: {type: com.example.env}}}, read: envelope}, output: {as: '.[0] | {type, n: .data.n}'}}
""", events=(event("com.example.env", {"n": 1}),),
             output={"type": "com.example.env", "n": 1}),
    scenario("listen.all waits for each filter", "listen.all", """
do:
  - hear: {listen: {to: {all: [{with: {type: com.example.all.a}}, {with: {type: com.example.all.b}}]}}}
""", events=(event("com.example.all.b", 2), event("com.example.all.a", 1)),
             check=lambda daemon, ended:
             sorted(ended["output"]) == [1, 2] or 1 / 0),
    scenario("listen.any takes the first", "listen.any", """
do:
  - hear: {listen: {to: {any: [{with: {type: com.example.any.a}}, {with: {type: com.example.any.b}}]}}}
""", events=(event("com.example.any.b", 2),), output=[2]),
    scenario("until sees what has come so far", "listen.any listen.until", """
do:
  - hear: {listen: {to: {any: [{with: {type: com.example.until}}], until: '${ (map(.n) | add) > 3 }'}}}
""", events=tuple(event("com.example.until", {"n": n}) for n in (1, 2, 3)),
             output=[{"n": 1}, {"n": 2}, {"n": 3}]),
    scenario("until may be an event, which is not put out",
             "listen.any listen.until", """
do:
  - hear:
      listen:
        to:
          any: [{with: {type: com.example.more}}]
          until: {one: {with: {type: com.example.enough}}}
""", events=(event("com.example.more", 1), event("com.example.more", 2),
             event("com.example.enough", 9)), output=[1, 2]),
    scenario("foreach handles events one by one", "listen.foreach", """
do:
  - hear:
      listen: {to: {any: [{with: {type: com.example.each}}], until: '${ length == 2 }'}}
      foreach:
        item: one
        at: place
        do: [{make: {set: {n: '${ $one.n * 10 }', at: '${ $place }'}}}]
        output: {as: '${ . + {out: true} }'}
        export: {as: '${ $context + {last: $output.n} }'}
""", events=tuple(event("com.example.each", {"n": n}) for n in (1, 2)),
             output=[{"n": 10, "at": 0, "out": True},
                     {"n": 20, "at": 1, "out": True}], context={"last": 20}),
    scenario("a filter is equality, a regular expression or a predicate",
             "listen.filter D22b", """
do:
  - hear:
      listen:
        to:
          one: {with: {type: 'com\\.example\\.(x|y)', subject: '${ .subject }', data: '${ .n > 2 }'}}
""", given={"subject": "s"},
             events=(event("com.example.z", {"n": 9}, subject="s"),
                     event("com.example.xx", {"n": 9}, subject="s"),
                     event("com.example.x", {"n": 9}, subject="t"),
                     event("com.example.x", {"n": 1}, subject="s"),
                     event("com.example.y", {"n": 3}, subject="s")),
             output=[{"n": 3}]),
    scenario("correlation expects what it is told", "listen.correlate", """
do:
  - hear:
      listen:
        to:
          one:
            with: {type: com.example.corr}
            correlate:
              order: {from: '${ .data.order }', expect: '${ .order }'}
              kind: {from: .data.kind, expect: paid}
""", given={"order": 7},
             events=(event("com.example.corr", {"order": 8, "kind": "paid"}),
                     event("com.example.corr", {"order": 7, "kind": "open"}),
                     event("com.example.corr", {"order": 7, "kind": "paid"})),
             output=[{"order": 7, "kind": "paid"}]),
    scenario("an answer that comes before its listen is kept",
             "listen D12", """
do:
  - rest: {wait: PT0.2S}
  - hear: {listen: {to: {one: {with: {type: com.example.early}, correlate: {k: {from: .data.k, expect: '${ .k }'}}}}}}
""", given={"k": 1}, early=(event("com.example.early", {"k": 1}),),
             output=[{"k": 1}]),
]
