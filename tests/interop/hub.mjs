// The npm client @huggingface/hub, for the tests of a cache that is shared with it.
// node hub.mjs download ENDPOINT REPO REVISION CACHE   -> {folder}
// node hub.mjs scan CACHE                              -> {repos: [{name, type, size, revisions: [{commit, refs, files: [{path, size, blob}]}]}], warnings}
import { relative } from "node:path";
import { scanCacheDir, snapshotDownload } from "@huggingface/hub";

// stdout carries the answer and nothing else.
console.debug = () => {};

const [command, ...rest] = process.argv.slice(2);
if (command === "download") {
  const [hubUrl, name, revision, cacheDir] = rest;
  const folder = await snapshotDownload({ repo: { type: "model", name }, revision, cacheDir, hubUrl });
  console.log(JSON.stringify({ folder }));
} else if (command === "scan") {
  const found = await scanCacheDir(rest[0]);
  console.log(
    JSON.stringify({
      repos: found.repos.map((repo) => ({
        name: repo.id.name,
        type: repo.id.type,
        size: repo.size,
        revisions: repo.revisions.map((revision) => ({
          commit: revision.commitOid,
          refs: revision.refs,
          files: revision.files.map((file) => ({ path: relative(revision.path, file.path), size: file.blob.size, blob: file.blob.path })),
        })),
      })),
      warnings: found.warnings.map((warning) => warning.message),
    }),
  );
} else {
  throw new Error(`no command ${command}`);
}
