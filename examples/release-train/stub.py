#!/usr/bin/env python3
"""Stands in for Jira, GitHub and Confluence, as far as a release train asks
them: with their paths and their answers. Like them it knows no keys for
repeats: a branch that is there is refused with 422. See resources.py."""

import hashlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import resources  # noqa: E402

TICKETS = {"PAY-7": "payments", "WEB-3": "frontend", "API-9": "backend"}
REPO = r"/git/repos/acme/([a-z-]+)"
WIKI = "/confluence/wiki/api/v2"


def sha_of(*names):
    return hashlib.sha1("/".join(names).encode()).hexdigest()


def search(world, body):
    return 200, {"isLast": True, "issues": [
        {"key": key, "id": key, "fields": {"components": [{"name": name}]}}
        for key, name in TICKETS.items()]}


def ref(repository, name):
    return {"ref": f"refs/heads/{name}",
            "object": {"type": "commit", "sha": sha_of(repository, "main")}}


def get_ref(world, body, repository, name):
    there = name == "main" or (repository, name) in world.things
    return (200, ref(repository, name)) if there \
        else (404, {"message": "Not Found"})


def create_ref(world, body, repository):
    name = body["ref"].removeprefix("refs/heads/")
    if (repository, name) in world.things:
        return 422, {"message": "Reference already exists"}
    world.things[repository, name] = body
    return 201, ref(repository, name)


def delete_ref(world, body, repository, name):
    known = world.things.pop((repository, name), None)
    return (204, None) if known else (422, {"message": "Reference does not "
                                            "exist"})


def merge_branch(world, body, repository):
    return 201, {"sha": sha_of(repository, body["base"], body["head"])}


def pull(repository, number, head, state="open"):
    return {"number": number, "state": state, "merged": False,
            "html_url": f"https://github.com/acme/{repository}/pull/{number}",
            "head": {"ref": head, "sha": sha_of(repository, head)}}


def open_pull(world, body, repository):
    world.numbers[repository] += 1
    return 201, pull(repository, world.numbers[repository], body["head"])


def close_pull(world, body, repository, number):
    return 200, pull(repository, int(number), "", body["state"])


def merge_pull(world, body, repository, number):
    return 200, {"sha": sha_of(repository, number), "merged": True}


def release(world, body, repository):
    tag = body["tag_name"]
    return 201, {"id": 1, "tag_name": tag, "draft": False, "html_url":
                 f"https://github.com/acme/{repository}/releases/tag/{tag}"}


def spaces(world, body):
    return 200, {"results": [{"id": "65", "key": "REL"}]}


def write_page(world, body):
    return 200, {"id": "99", "version": {"number": 1}, "_links": {
        "webui": f"/spaces/REL/pages/99/{body['title']}"}}


ROUTES = [("POST", "/jira/rest/api/3/search/jql", search),
          ("GET", REPO + "/git/ref/heads/(.+)", get_ref),
          ("POST", REPO + "/git/refs", create_ref),
          ("DELETE", REPO + "/git/refs/heads/(.+)", delete_ref),
          ("POST", REPO + "/merges", merge_branch),
          ("POST", REPO + "/pulls", open_pull),
          ("PATCH", REPO + r"/pulls/(\d+)", close_pull),
          ("PUT", REPO + r"/pulls/(\d+)/merge", merge_pull),
          ("POST", REPO + "/releases", release),
          ("GET", WIKI + "/spaces", spaces),
          ("POST", WIKI + "/pages", write_page)]


if __name__ == "__main__":
    resources.serve(routes=ROUTES)
