"""Answers requests, one line of JSON each: runs a training script before and after a fix, and checks what the fix is for.

A request {"library", "effect", "before", "after", "title", "folder"} is answered by {"problem": null} or by what does not hold.
`parse` alone is answered without any library. One process serves many scripts, since importing a library takes longer than a run.
"""
import ast
import importlib
import json
import os
import sys
import traceback

# What scripts print is captured; what libraries print besides must not get between the answers.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")


def answer(request):
    try:
        for text in request.get("parse", []):
            ast.parse(text)
        if "effect" in request:
            effects = importlib.import_module(f"{request['library']}_effects")
            effects.check(request)
    except AssertionError as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{error or 'does not hold'} ({os.path.basename(place.filename)}:{place.lineno}: {place.line})"
    except BaseException:  # a script may end by SystemExit
        return traceback.format_exc(limit=-6)
    return None


if __name__ == "__main__":
    for line in sys.stdin:
        answers.write(json.dumps({"problem": answer(json.loads(line))}) + "\n")
        answers.flush()
