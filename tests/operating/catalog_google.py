"""The functions for Google Forms, Sheets and Drive, called by a service
account. The first of them fetches the token that the others use as well."""

from catalog_world import Call, bad, busy, ok
from harness import ENDED, same
from stub import answer

FORMS = "https://forms.googleapis.com/v1/forms"
SHEETS = "https://sheets.googleapis.com/v4/spreadsheets/s1/values"
DRIVE = "https://www.googleapis.com/drive/v3/files"
UPLOAD = "https://www.googleapis.com/upload/drive/v3/files"
DENIED = {"error": {"code": 403, "status": "PERMISSION_DENIED",
                    "message": "The caller does not have permission"}}
MISSING = {"error": {"code": 404, "status": "NOT_FOUND",
                     "message": "Requested entity was not found."}}

FORM = {"title": "AWS", "description": "Ten minutes", "secret": "google",
        "questions": [
            {"title": "What is S3?", "type": "choice", "required": True,
             "options": ["Storage", "A car"]},
            {"title": "Why?", "type": "paragraph"}]}
NEW = {"wanted": f"POST {FORMS}",
       "body": {"info": {"title": "AWS", "documentTitle": "AWS"}}}
EMPTY = {"formId": "f1", "revisionId": "1", "info": {
    "title": "AWS", "documentTitle": "AWS"},
    "responderUri": "https://docs.google.com/forms/d/e/x/viewform"}
FILL = {"wanted": f"POST {FORMS}/f1:batchUpdate", "body": {"requests": [
    {"updateFormInfo": {"info": {"description": "Ten minutes"},
                        "updateMask": "description"}},
    {"createItem": {"location": {"index": 0}, "item": {
        "title": "What is S3?", "questionItem": {"question": {
            "required": True, "choiceQuestion": {
                "type": "RADIO", "options": [{"value": "Storage"},
                                             {"value": "A car"}]}}}}}},
    {"createItem": {"location": {"index": 1}, "item": {
        "title": "Why?", "questionItem": {"question": {
            "required": False, "textQuestion": {"paragraph": True}}}}}}]}}
FILLED = {"replies": [
    {}, {"createItem": {"itemId": "i1", "questionId": ["q1"]}},
    {"createItem": {"itemId": "i2", "questionId": ["q2"]}}],
    "writeControl": {"requiredRevisionId": "2"}}
PUBLISH = {"wanted": f"POST {FORMS}/f1:setPublishSettings", "body": {
    "updateMask": "publishState", "publishSettings": {"publishState": {
        "isPublished": True, "isAcceptingResponses": True}}}}
PUBLISHED = {"formId": "f1", **PUBLISH["body"]}
CREATED = {"formId": "f1", "responderUri": EMPTY["responderUri"],
           "editUri": "https://docs.google.com/forms/d/f1/edit",
           "questionIds": ["q1", "q2"], "published": True}


def a_form_is_created_by_a_service_account(c):
    c.gives("google-forms-create", FORM, [c.robot.asked()]
            + busy(**NEW, value=EMPTY) + busy(**FILL, value=FILLED)
            + ok(**PUBLISH, value=PUBLISHED), CREATED)


def a_form_survives_a_kill(c):
    """What was done before the kill is not done once more, and what was under
    way is, under its key."""
    slow = Call(FILL["wanted"], answer(200, FILLED, delay=2),
                body=FILL["body"])
    again, = ok(**FILL, value=FILLED)
    c.world.expect(ok(**NEW, value=EMPTY) + [slow, c.robot.asked(), again]
                   + ok(**PUBLISH, value=PUBLISHED))
    made = c.define("google-forms-create", FORM)
    name = c.daemon.start_instance(made, {})["id"]
    same(c.world.reached.wait(20), True, "the questions are asked for")
    c.daemon.kill()
    c.daemon.start()
    ended = c.daemon.becomes(name, *ENDED)
    c.world.settled()
    same(c.world.keys[slow][0], c.world.keys[again][0], "key")
    same(ended["output"], CREATED, "output")


def a_form_may_be_empty_and_unpublished(c):
    c.gives("google-forms-create", {"title": "AWS", "secret": "google",
                                    "publish": False}, ok(**NEW, value=EMPTY),
            {**CREATED, "questionIds": [], "published": False})


def a_form_that_cannot_be(c):
    c.fails("google-forms-create", FORM, bad(**NEW, status=403, value=DENIED),
            403, "does not have permission")
    c.refuses("google-forms-create", {**FORM, "questions": [
        {"title": "What?", "type": "choice"}]}, "/questions/0")


def a_form_is_published_and_closed(c):
    given = {"formId": "f1", "secret": "google"}
    c.gives("google-forms-publish", given, busy(**PUBLISH, value=PUBLISHED),
            {"formId": "f1", "published": True, "accepting": True})
    c.gives("google-forms-publish", {**given, "accepting": False}, ok(
        PUBLISH["wanted"], {"formId": "f1"}, body={
            "updateMask": "publishState", "publishSettings": {"publishState": {
                "isPublished": True, "isAcceptingResponses": False}}}),
        {"formId": "f1", "published": True, "accepting": False})
    c.fails("google-forms-publish", given,
            bad(**PUBLISH, status=404, value=MISSING), 404, "not found")
    c.refuses("google-forms-publish", {**given, "formId": "a/b"}, "/formId")


def responses_are_read(c):
    given = {"responseId": "r1", "createTime": "2026-01-02T03:04:05Z",
             "lastSubmittedTime": "2026-01-02T03:04:06Z",
             "respondentEmail": "bob@example.com", "answers": {
                 "q1": {"questionId": "q1", "textAnswers": {
                     "answers": [{"value": "Storage"}]}},
                 "q2": {"questionId": "q2"}}}
    c.gives("google-forms-responses", {
        "formId": "f1", "after": "2026-01-01T00:00:00Z", "secret": "google",
        "pageToken": "p2"}, busy(
            f"GET {FORMS}/f1/responses", {"responses": [given],
                                          "nextPageToken": "p3"},
            query={"pageSize": "5000", "pageToken": "p2",
                   "filter": "timestamp > 2026-01-01T00:00:00Z"}),
        {"responses": [{"id": "r1", "at": "2026-01-02T03:04:06Z",
                        "email": "bob@example.com",
                        "answers": {"q1": ["Storage"], "q2": []}}],
         "nextPageToken": "p3"})


def responses_of_no_form(c):
    asked = {"wanted": f"GET {FORMS}/f1/responses",
             "query": {"pageSize": "5000"}}
    c.gives("google-forms-responses", {"formId": "f1", "secret": "google"},
            ok(**asked, value={}), {"responses": [], "nextPageToken": None})
    c.fails("google-forms-responses", {"formId": "f1", "secret": "google"},
            bad(**asked, status=404, value=MISSING), 404, "not found")
    c.refuses("google-forms-responses", {"formId": "f1", "secret": "google",
                                         "after": "yesterday"}, "/after")


NEWSHEET = {"title": "AWS", "tabs": ["answers", "gaps"], "secret": "google"}
MKSHEET = {"wanted": "POST https://sheets.googleapis.com/v4/spreadsheets",
           "query": {"fields":
                     "spreadsheetId,spreadsheetUrl,sheets.properties"},
           "body": {"properties": {"title": "AWS"}, "sheets": [
               {"properties": {"title": "answers"}},
               {"properties": {"title": "gaps"}}]}}
SHEET = {"spreadsheetId": "s1", "spreadsheetUrl":
         "https://docs.google.com/spreadsheets/d/s1/edit", "sheets": [
             {"properties": {"sheetId": n, "title": title, "index": n}}
             for n, title in enumerate(NEWSHEET["tabs"])]}


def a_sheet_is_created(c):
    c.gives("google-sheets-create", NEWSHEET, busy(**MKSHEET, value=SHEET),
            {"spreadsheetId": "s1", "url": SHEET["spreadsheetUrl"], "tabs": [
                {"id": 0, "title": "answers"}, {"id": 1, "title": "gaps"}]})
    c.fails("google-sheets-create", NEWSHEET,
            bad(**MKSHEET, status=403, value=DENIED), 403,
            "does not have permission")
    c.refuses("google-sheets-create", {**NEWSHEET, "tabs": ["a", "a"]},
              "/tabs")


ROWS = {"spreadsheetId": "s1", "range": "answers!A1", "secret": "google",
        "rows": [["q1", 256, True]]}
APPEND = {"wanted": f"POST {SHEETS}/answers!A1:append",
          "query": {"valueInputOption": "RAW",
                    "insertDataOption": "INSERT_ROWS"},
          "body": {"majorDimension": "ROWS", "values": [["q1", 256, True]]}}


def rows_are_appended(c):
    done = {"spreadsheetId": "s1", "updates": {
        "spreadsheetId": "s1", "updatedRange": "answers!A2:C2",
        "updatedRows": 1, "updatedColumns": 3, "updatedCells": 3}}
    out = {"range": "answers!A2:C2", "rows": 1, "cells": 3}
    c.gives("google-sheets-append", ROWS, busy(**APPEND, value=done), out)
    typed = {**APPEND, "query": {**APPEND["query"],
                                 "valueInputOption": "USER_ENTERED"}}
    c.gives("google-sheets-append", {**ROWS, "parse": True},
            ok(**typed, value=done), out)


def rows_that_sheets_does_not_take(c):
    c.fails("google-sheets-append", ROWS, bad(
        **APPEND, status=400, value={"error": {
            "code": 400, "status": "INVALID_ARGUMENT",
            "message": "Unable to parse range: answers!A1"}}), 400,
        "Unable to parse range")
    c.refuses("google-sheets-append", {**ROWS, "rows": ["q1"]}, "/rows/0")


READ = {"spreadsheetId": "s1", "range": "gaps!A1:B9", "secret": "google"}
GET = {"wanted": f"GET {SHEETS}/gaps!A1:B9",
       "query": {"majorDimension": "ROWS",
                 "valueRenderOption": "UNFORMATTED_VALUE"}}


def rows_are_read(c):
    values = [["skill", "gap"], ["s3", 2], ["iam"]]
    told = {"range": "gaps!A1:B9", "majorDimension": "ROWS", "values": values}
    c.gives("google-sheets-read", READ, busy(**GET, value=told),
            {"range": "gaps!A1:B9", "rows": values})
    c.gives("google-sheets-read", {**READ, "headers": True},
            ok(**GET, value=told),
            {"range": "gaps!A1:B9", "rows": [{"skill": "s3", "gap": 2},
                                             {"skill": "iam", "gap": None}]})
    del told["values"]  # So it is when all is empty.
    c.gives("google-sheets-read", {**READ, "headers": True},
            ok(**GET, value=told), {"range": "gaps!A1:B9", "rows": []})


def rows_of_no_sheet(c):
    c.fails("google-sheets-read", READ, bad(**GET, status=404, value=MISSING),
            404, "not found")
    c.refuses("google-sheets-read", {**READ, "range": ""}, "/range")


NAMED = {"wanted": f"GET {DRIVE}/generateIds",
         "query": {"count": "1", "space": "drive", "type": "files"}}
NAMES = {"kind": "drive#generatedIds", "space": "drive", "ids": ["d1"]}
KEPT = "id,name,mimeType,size,webViewLink"


def upload(about, kind, content, boundary="pawl-part-0"):
    """The multipart body, taken apart as Drive does it."""
    def check(request):
        same(request.headers["content-type"],
             f"multipart/related; boundary={boundary}", "content type")
        first, *parts, last = request.body.split(f"--{boundary}")
        same((first, last, len(parts)), ("", "--\r\n", 2), "frame")
        heads, bodies = zip(*(part.removeprefix("\r\n").removesuffix("\r\n")
                              .split("\r\n\r\n", 1) for part in parts))
        same(list(heads), ["Content-Type: application/json; charset=UTF-8",
                           f"Content-Type: {kind}"], "heads")
        same(bodies[0], _text(about), "about")
        same(bodies[1], content, "content")
    return {"wanted": f"POST {UPLOAD}", "check": check, "query": {
        "uploadType": "multipart", "supportsAllDrives": "true",
        "fields": KEPT}}


def _text(about):
    return "{" + ",".join(f'"{k}":{v}' for k, v in about.items()) + "}"


TEXT = {"name": "notes.txt", "content": "One\r\n--pawl-part-0\r\nTwo \u00e9",
        "folder": "d0", "description": "what was said", "secret": "google"}
FILE = {"id": "d1", "name": "notes.txt", "mimeType": "text/plain",
        "size": "23", "webViewLink": "https://drive.google.com/file/d/d1/view"}
STORED = {"id": "d1", "name": "notes.txt", "mimeType": "text/plain",
          "size": 23, "url": FILE["webViewLink"]}
SENT = upload({"id": '"d1"', "name": '"notes.txt"',
               "mimeType": '"text/plain"', "description": '"what was said"',
               "parents": '["d0"]'}, "text/plain", TEXT["content"],
              "pawl-part-1")


def a_text_is_uploaded(c):
    c.gives("google-drive-upload", TEXT, busy(**NAMED, value=NAMES)
            + busy(**SENT, value=FILE, refusal=403,
                   say="User Rate Limit Exceeded. Rate of requests"), STORED)


def json_is_uploaded(c):
    sent = upload({"id": '"d1"', "name": '"gaps.json"',
                   "mimeType": '"application/json"'}, "application/json",
                  '{"gaps":[1,2]}')
    c.gives("google-drive-upload", {"name": "gaps.json", "secret": "google",
                                    "content": {"gaps": [1, 2]}},
            ok(**NAMED, value=NAMES) + ok(**sent, value={
                **FILE, "name": "gaps.json", "mimeType": "application/json"}),
            {**STORED, "name": "gaps.json", "mimeType": "application/json"})


def a_repeated_upload_makes_no_second_file(c):
    c.gives("google-drive-upload", TEXT, ok(**NAMED, value=NAMES)
            + bad(**SENT, status=500, value={"error": {"code": 500}})
            + bad(**SENT, status=409, value={"error": {
                "code": 409, "message": "A file already exists with the "
                "provided ID."}})
            + busy(f"GET {DRIVE}/d1", FILE, query={
                "supportsAllDrives": "true", "fields": KEPT}), STORED)


def an_upload_that_is_refused(c):
    c.fails("google-drive-upload", TEXT, ok(**NAMED, value=NAMES)
            + bad(**SENT, status=403, value={"error": {
                "code": 403, "message": "Service Accounts do not have storage "
                "quota."}}), 403, "storage quota")
    c.refuses("google-drive-upload", {"name": "x", "secret": "google"},
              "'content' is missing")


PLACE = {"name": "AWS", "parent": "d0", "secret": "google"}
SHOWN = {"supportsAllDrives": "true", "fields": "id,name,webViewLink"}
MKDIR = {"wanted": f"POST {DRIVE}", "query": SHOWN, "body": {
    "id": "d1", "name": "AWS", "parents": ["d0"],
    "mimeType": "application/vnd.google-apps.folder"}}
FOLDER = {"id": "d1", "name": "AWS",
          "webViewLink": "https://drive.google.com/drive/folders/d1"}
THERE = {"id": "d1", "name": "AWS", "url": FOLDER["webViewLink"]}


def a_folder_is_created(c):
    c.gives("google-drive-create-folder", PLACE, busy(**NAMED, value=NAMES)
            + busy(**MKDIR, value=FOLDER), THERE)
    c.gives("google-drive-create-folder", PLACE, ok(**NAMED, value=NAMES)
            + bad(**MKDIR, status=503, value={})
            + bad(**MKDIR, status=409, value={"error": {"code": 409}})
            + ok(f"GET {DRIVE}/d1", FOLDER, query=SHOWN), THERE)


def a_folder_that_cannot_be(c):
    c.fails("google-drive-create-folder", PLACE, ok(**NAMED, value=NAMES)
            + bad(**MKDIR, status=404, value=MISSING), 404, "not found")
    c.refuses("google-drive-create-folder", {**PLACE, "parent": "a/b"},
              "/parent")


SHIFT = {"fileId": "f1", "folder": "d1", "secret": "google"}
HELD = {"supportsAllDrives": "true", "fields": "id,parents"}


def a_file_is_moved(c):
    look = {"wanted": f"GET {DRIVE}/f1", "query": HELD}
    move = {"wanted": f"PATCH {DRIVE}/f1", "body": {},
            "query": {**HELD, "addParents": "d1", "removeParents": "d10"}}
    c.gives("google-drive-move", SHIFT,
            busy(**look, value={"id": "f1", "parents": ["d10"]})
            + busy(**move, value={"id": "f1", "parents": ["d1"]}),
            {"fileId": "f1", "folder": "d1", "moved": True})
    c.gives("google-drive-move", SHIFT,
            ok(**look, value={"id": "f1", "parents": ["d1"]}),
            {"fileId": "f1", "folder": "d1", "moved": False})
    c.fails("google-drive-move", SHIFT,
            ok(**look, value={"id": "f1", "parents": ["d10"]})
            + bad(**move, status=403, value=DENIED), 403, "permission")
    c.refuses("google-drive-move", {"fileId": "f1", "secret": "google"},
              "'folder' is missing")


def what_was_made_is_removed_again(c):
    for function, given, calls, name in (
            ("google-drive-create-folder", PLACE, lambda: ok(
                **NAMED, value=NAMES) + ok(**MKDIR, value=FOLDER), "d1"),
            ("google-drive-upload", TEXT, lambda: ok(**NAMED, value=NAMES)
             + ok(**SENT, value=FILE), "d1"),
            ("google-forms-create", {"title": "AWS", "publish": False,
                                     "secret": "google"},
             lambda: ok(**NEW, value=EMPTY), "f1"),
            ("google-sheets-create", NEWSHEET, lambda: ok(
                **MKSHEET, value=SHEET), "s1")):
        c.undoes(function, given, calls,
                 *busy(f"DELETE {DRIVE}/{name}", status=204))
        c.undoes(function, given, calls,
                 *bad(f"DELETE {DRIVE}/{name}", 404, MISSING))


SHARE = {"fileId": "d1", "role": "reader", "secret": "google"}


def share(query, **body):
    return {"wanted": f"POST {DRIVE}/d1/permissions", "body": body,
            "query": {"supportsAllDrives": "true", "fields": "id,type,role",
                      **query}}


def a_file_is_shared(c):
    c.gives("google-drive-share", {**SHARE, "user": "bob@example.com",
                                   "notify": True, "message": "See"},
            busy(**share({"sendNotificationEmail": "true",
                          "emailMessage": "See"}, role="reader", type="user",
                         emailAddress="bob@example.com"),
                 value={"id": "p1", "type": "user", "role": "reader"}),
            {"permissionId": "p1", "type": "user", "role": "reader"})
    c.gives("google-drive-share", {**SHARE, "anyone": True},
            ok(**share({}, role="reader", type="anyone"), value={
                "id": "anyoneWithLink", "type": "anyone", "role": "reader"}),
            {"permissionId": "anyoneWithLink", "type": "anyone",
             "role": "reader"})


def a_file_that_cannot_be_shared(c):
    c.fails("google-drive-share", {**SHARE, "domain": "example.com"}, bad(
        **share({}, role="reader", type="domain", domain="example.com"),
        status=404, value=MISSING), 404, "not found")
    c.refuses("google-drive-share", SHARE)
    c.refuses("google-drive-share", {**SHARE, "user": "bob@example.com",
                                     "role": "owner"}, "/role")
