"""The functions for GitHub, as its REST API of 2022-11-28 has it."""

from catalog_world import bad, busy, ok

AT = {"owner": "acme", "repository": "shop", "secret": "github"}
REPO = "https://api.github.com/repos/acme/shop"
SHA, OTHER = "a1" * 20, "b2" * 20
EXISTS = {"message": "Reference already exists", "status": "422",
          "documentation_url": "https://docs.github.com/rest/git/refs"}


def ref(name, sha=SHA):
    return {"ref": f"refs/heads/{name}", "node_id": "MDM6UmVm",
            "url": f"{REPO}/git/refs/heads/{name}",
            "object": {"type": "commit", "sha": sha,
                       "url": f"{REPO}/git/commits/{sha}"}}


BRANCH = {**AT, "branch": "release/2.1"}
TIP = f"GET {REPO}/git/ref/heads/main"
MAKE = {"wanted": f"POST {REPO}/git/refs",
        "body": {"ref": "refs/heads/release/2.1", "sha": SHA}}
LOOK = f"GET {REPO}/git/ref/heads/release/2.1"


def a_branch_is_created(c):
    c.gives("github-create-branch", BRANCH,
            busy(TIP, ref("main"))
            + busy(**MAKE, value=ref("release/2.1"), status=201),
            {"ref": "refs/heads/release/2.1", "sha": SHA, "created": True})


def a_branch_is_removed_again(c):
    gone = f"DELETE {REPO}/git/refs/heads/release/2.1"
    c.undoes("github-create-branch", BRANCH, lambda: ok(TIP, ref("main"))
             + ok(**MAKE, value=ref("release/2.1"), status=201),
             *busy(gone, status=204))
    c.undoes("github-create-branch", BRANCH, lambda: ok(TIP, ref("main"))
             + ok(**MAKE, value=ref("release/2.1"), status=201),
             *bad(gone, 422, {"message": "Reference does not exist"}))


def a_branch_that_is_there_is_taken(c):
    c.gives("github-create-branch", BRANCH, ok(TIP, ref("main"))
            + bad(**MAKE, status=422, value=EXISTS)
            + ok(LOOK, ref("release/2.1")),
            {"ref": "refs/heads/release/2.1", "sha": SHA, "created": False})


def a_branch_of_another_commit_is_no_success(c):
    c.fails("github-create-branch", BRANCH, ok(TIP, ref("main"))
            + bad(**MAKE, status=422, value=EXISTS)
            + ok(LOOK, ref("release/2.1", OTHER)), 422, "already exists")


def a_branch_has_a_base_that_is_there(c):
    c.fails("github-create-branch", {**BRANCH, "base": "gone"},
            bad(f"GET {REPO}/git/ref/heads/gone", 404,
                {"message": "Not Found"}), 404, "Not Found")
    c.refuses("github-create-branch", AT, "'branch' is missing")
    c.refuses("github-create-branch", {**BRANCH, "owner": "a/b"}, "/owner")
    c.fails("github-create-branch", {**BRANCH, "secret": "nobody"}, [], 403,
            "does not name the secret 'nobody'", kind="authorization")


PULL = {"number": 7, "state": "open", "title": "Release", "merged": False,
        "html_url": "https://github.com/acme/shop/pull/7", "draft": False,
        "head": {"ref": "release/2.1", "sha": SHA}, "base": {"ref": "main"}}
PULLED = {"number": 7, "url": PULL["html_url"], "state": "open", "head": SHA}
ASK = {**AT, "head": "release/2.1", "title": "Release"}
OPEN = {"wanted": f"POST {REPO}/pulls",
        "body": {"title": "Release", "head": "release/2.1", "base": "main",
                 "body": "", "draft": False}}
OPENED = {"message": "Validation Failed", "errors": [
    {"resource": "PullRequest", "code": "custom",
     "message": "A pull request already exists for acme:release/2.1."}]}
LIST = {"wanted": f"GET {REPO}/pulls",
        "query": {"state": "open", "base": "main", "head": "acme:release/2.1"}}


def a_pull_request_is_opened(c):
    c.gives("github-create-pull-request", ASK,
            busy(**OPEN, value=PULL, status=201, refusal=403, say="You have "
                 "exceeded a secondary rate limit. Please wait a few minutes"),
            {**PULLED, "created": True})


def a_pull_request_of_a_fork_is_a_draft(c):
    fork = {**ASK, "head": "ann:fix", "base": "next", "body": "Mends",
            "draft": True}
    body = {k: fork[k] for k in ("title", "head", "base", "body", "draft")}
    c.gives("github-create-pull-request", fork,
            bad(OPEN["wanted"], 422, OPENED, body=body)
            + ok(LIST["wanted"], [PULL], query={
                "state": "open", "base": "next", "head": "ann:fix"}),
            {**PULLED, "created": False})


def a_pull_request_is_closed_again(c):
    c.undoes("github-create-pull-request", ASK,
             lambda: ok(**OPEN, value=PULL, status=201),
             *busy(f"PATCH {REPO}/pulls/7", {**PULL, "state": "closed"},
                   body={"state": "closed"}))


def a_pull_request_that_is_open_is_taken(c):
    c.gives("github-create-pull-request", ASK,
            bad(**OPEN, status=422, value=OPENED) + busy(**LIST, value=[PULL]),
            {**PULLED, "created": False})


def a_pull_request_needs_commits(c):
    c.fails("github-create-pull-request", ASK, bad(
        **OPEN, status=422, value={"message": "Validation Failed", "errors": [
            {"message": "No commits between main and release/2.1"}]}), 422,
        "No commits between")
    c.fails("github-create-pull-request", ASK,
            bad(**OPEN, status=422, value=OPENED) + ok(**LIST, value=[]), 422,
            "already exists")
    c.refuses("github-create-pull-request", {**ASK, "draft": "no"}, "/draft")


MERGE = {**AT, "number": 7, "method": "squash", "head": SHA}
PUT = {"wanted": f"PUT {REPO}/pulls/7/merge",
       "body": {"merge_method": "squash", "sha": SHA}}
CLOSED = {"message": "Pull Request is not mergeable"}


def a_pull_request_is_merged(c):
    c.gives("github-merge", MERGE, busy(**PUT, value={
        "sha": OTHER, "merged": True,
        "message": "Pull Request successfully merged"}),
        {"merged": True, "sha": OTHER, "already": False})
    c.gives("github-merge", {**AT, "number": 7, "title": "Out", "message": "m"},
            ok(PUT["wanted"], {"sha": SHA, "merged": True}, body={
                "merge_method": "merge", "commit_title": "Out",
                "commit_message": "m"}),
            {"merged": True, "sha": SHA, "already": False})


def a_pull_request_that_is_merged_is_no_error(c):
    look = f"GET {REPO}/pulls/7"
    c.gives("github-merge", MERGE, bad(**PUT, status=405, value=CLOSED)
            + ok(look, {**PULL, "state": "closed", "merged": True,
                        "merge_commit_sha": OTHER}),
            {"merged": True, "sha": OTHER, "already": True})
    c.fails("github-merge", MERGE, bad(**PUT, status=405, value=CLOSED)
            + ok(look, PULL), 405, "not mergeable")


def a_head_that_has_moved_is_not_merged(c):
    c.fails("github-merge", MERGE, bad(
        **PUT, status=409, value={"message": "Head branch was modified. "
                                  "Review and try the merge again."}), 409,
        "Head branch was modified")
    c.refuses("github-merge", {**MERGE, "method": "octopus"}, "/method")


RELEASE = {**AT, "tag": "v2.1.0", "generateNotes": True}
MADE = {"id": 42, "tag_name": "v2.1.0", "name": "v2.1.0", "draft": False,
        "prerelease": False,
        "html_url": "https://github.com/acme/shop/releases/tag/v2.1.0"}
PUBLISH = {"wanted": f"POST {REPO}/releases",
           "body": {"tag_name": "v2.1.0", "name": "v2.1.0", "body": "",
                    "draft": False, "prerelease": False,
                    "generate_release_notes": True}}
OUT = {"id": 42, "tag": "v2.1.0", "url": MADE["html_url"], "draft": False}


def a_release_is_published(c):
    c.gives("github-create-release", RELEASE,
            busy(**PUBLISH, value=MADE, status=201, refusal=503),
            {**OUT, "created": True})


def a_release_says_what_it_is(c):
    c.gives("github-create-release", {
        **AT, "tag": "v2.1.0", "target": "next", "name": "Two", "body": "New",
        "draft": True, "prerelease": True}, ok(
            PUBLISH["wanted"], {**MADE, "draft": True}, 201, body={
                "tag_name": "v2.1.0", "target_commitish": "next",
                "name": "Two", "body": "New", "draft": True,
                "prerelease": True, "generate_release_notes": False}),
        {**OUT, "draft": True, "created": True})


def a_release_that_is_there_is_taken(c):
    c.gives("github-create-release", RELEASE, bad(
        **PUBLISH, status=422, value={"message": "Validation Failed", "errors":
                                      [{"resource": "Release", "code":
                                        "already_exists",
                                        "field": "tag_name"}]})
        + ok(f"GET {REPO}/releases/tags/v2.1.0", MADE),
        {**OUT, "created": False})


def a_release_needs_the_right_to_publish(c):
    c.fails("github-create-release", RELEASE, bad(
        **PUBLISH, status=403, value={
            "message": "Resource not accessible by personal access token"}),
        403, "not accessible")
    c.refuses("github-create-release", {**AT, "tag": ""}, "/tag")


def another_github_is_asked_at_its_own_endpoint(c):
    at = "https://git.test/api/v3"
    c.gives("github-merge", {**MERGE, "endpoint": at + "/"}, ok(
        f"PUT {at}/repos/acme/shop/pulls/7/merge", {"sha": OTHER,
                                                    "merged": True},
        body=PUT["body"]), {"merged": True, "sha": OTHER, "already": False})
