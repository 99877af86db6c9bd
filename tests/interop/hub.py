"""Python's huggingface_hub, for the tests of a cache that is shared with it.

hub.py download ENDPOINT REPO REVISION CACHE   -> {"folder"}
hub.py offline REPO REVISION CACHE             -> {"folder"}; no request is made
hub.py file ENDPOINT REPO REVISION CACHE PATH  -> {"path"}
hub.py scan CACHE                              -> {"repos": [{"name", "type", "size", "revisions": [...]}], "warnings"}
"""

import json
import os
import sys

command, arguments = sys.argv[1], sys.argv[2:]
os.environ["HF_HUB_DISABLE_XET"] = "1"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
if command in ("download", "file"):
    os.environ["HF_ENDPOINT"] = arguments.pop(0)

from huggingface_hub import hf_hub_download, scan_cache_dir, snapshot_download

if command == "download":
    repo, revision, cache = arguments
    answer = {"folder": snapshot_download(repo, revision=revision, cache_dir=cache)}
elif command == "offline":
    repo, revision, cache = arguments
    answer = {"folder": snapshot_download(repo, revision=revision, cache_dir=cache, local_files_only=True)}
elif command == "file":
    repo, revision, cache, path = arguments
    answer = {"path": hf_hub_download(repo, path, revision=revision, cache_dir=cache)}
elif command == "scan":
    found = scan_cache_dir(arguments[0])
    answer = {
        "repos": [
            {
                "name": repo.repo_id,
                "type": repo.repo_type,
                "size": repo.size_on_disk,
                "revisions": [
                    {
                        "commit": revision.commit_hash,
                        "refs": sorted(revision.refs),
                        "files": [
                            {
                                "path": os.path.relpath(file.file_path, revision.snapshot_path),
                                "size": file.size_on_disk,
                                "blob": str(file.blob_path),
                            }
                            for file in sorted(revision.files, key=lambda f: str(f.file_path))
                        ],
                    }
                    for revision in sorted(repo.revisions, key=lambda r: r.commit_hash)
                ],
            }
            for repo in found.repos
        ],
        "warnings": [str(warning) for warning in found.warnings],
    }
else:
    raise SystemExit(f"no command {command}")

print(json.dumps(answer))
