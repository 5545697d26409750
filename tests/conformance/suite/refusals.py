"""What is refused when it is registered, with its place, and what is warned
of."""

from . import scenario


def refused(name, covers, flow, pointer, says):
    return scenario(name, covers, flow,
                    refused={"pointer": pointer, "says": says})


SET = "{set: {n: 1}}"

SCENARIOS = [
    refused("two tasks of one name", "D1", f"""
do: [{{a: {SET}}}, {{a: {SET}}}]
""", "/do/1/a", "in this list already"),
    refused("a then that leads nowhere", "D7", f"""
do: [{{review: {SET}}}, {{b: {{set: {{n: 1}}, then: reviwe}}}}]
""", "/do/1/b/then", "review"),
    refused("a then to another depth", "D7", f"""
do: [{{a: {{do: [{{inner: {SET}}}]}}}}, {{b: {{set: {{n: 1}}, then: inner}}}}]
""", "/do/1/b/then", "inner"),
    refused("an unknown timeout", "D7", """
use: {timeouts: {short: {after: PT1S}}}
do: [{a: {set: {n: 1}, timeout: shrot}}]
""", "/do/0/a/timeout", "short"),
    refused("an unknown retry policy", "D7", f"""
do: [{{a: {{try: [{{b: {SET}}}], catch: {{retry: often}}}}}}]
""", "/do/0/a/catch/retry", "often"),
    refused("an unknown error", "D7", """
do: [{a: {raise: {error: broken}}}]
""", "/do/0/a/raise/error", "broken"),
    refused("an unknown function", "D7 call.function", """
do: [{a: {call: nothing}}]
""", "/do/0/a/call", "nothing"),
    refused("an unknown authentication", "D7", """
do: [{a: {call: http, with: {method: get, endpoint: {uri: 'http://h', authentication: {use: none}}}}}]
""", "/do/0/a/with/endpoint/authentication/use", "none"),
    refused("an expression that does not compile", "expressions", """
do: [{a: {set: {x: '${ .a | }'}}}]
""", "/do/0/a/set/x", ""),
    refused("secrets where they would be kept", "D10", """
use: {secrets: [key]}
do: [{a: {set: {x: '${ $secrets.key }'}}}]
""", "/do/0/a/set/x", "secrets"),
    refused("a negative duration", "D13", """
do: [{a: {wait: {seconds: -1}}}]
""", "/do/0/a/wait", "negative"),
    refused("a schema with a keyword that nobody knows", "schema D-schema", """
input: {schema: {document: {$dynamicRef: '#x'}}}
do: [{a: {set: {n: 1}}}]
""", "/input/schema/document/$dynamicRef", "dynamicRef"),
    refused("a schema of another format", "schema", """
input: {schema: {format: xml, document: {}}}
do: [{a: {set: {n: 1}}}]
""", "/input/schema/format", "xml"),
    refused("a task of no kind", "do", """
do: [{a: {metadata: {}}}]
""", "/do/0/a", ""),
    refused("a task of two kinds", "do", """
do: [{a: {set: {n: 1}, wait: PT1S}}]
""", "/do/0/a", ""),
    refused("a member that nobody knows", "do", """
do: [{a: {set: {n: 1}, whenn: x}}]
""", "/do/0/a/whenn", "whenn"),
    *[refused(f"call {kind} by its name", f"refuse.{kind}", f"""
do: [{{a: {{call: {kind}, with: {{}}}}}}]
""", "/do/0/a/call", kind) for kind in ("grpc", "asyncapi", "mcp", "a2a")],
    refused("another expression language", "evaluate.language", """
evaluate: {language: js}
do: [{a: {set: {n: 1}}}]
""", "/evaluate/language", "js"),
    refused("a duplicate key of YAML", "yaml", """
do: [{a: {set: {x: 1, x: 2}}}]
""", None, "x"),
    scenario("tasks that are never reached are warned of", "D7", """
do: [{a: {set: {n: 1}, then: end}}, {b: {set: {n: 1}}}]
""", output={"n": 1}, warns="b"),
    scenario("members of the top level that nobody knows are warned of",
             "D7", """
extra: 1
do: [{a: {set: {n: 1}}}]
""", output={"n": 1}, warns="extra"),
    scenario("YAML 1.2 decides what scalars are", "yaml", """
do: [{a: {set: {octal: 012, yes: yes, float: 1.5, text: '1', nothing: ~}}}]
""", output={"octal": 12, "yes": "yes", "float": 1.5, "text": "1",
             "nothing": None}),
]
