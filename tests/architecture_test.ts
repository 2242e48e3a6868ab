/**
 * DESIGN.md's arrows, and the rules that hold for every file of src. The sources are read once,
 * here, where reading is allowed.
 */
import { assertEquals } from "@std/assert";

const NONE = { permissions: "none" } as const;
const ROOT = new URL("../", import.meta.url);

interface Source {
  /** Path from the root, with `/`. */
  readonly path: string;
  readonly text: string;
  /** The text with its comments blanked out, line for line. */
  readonly code: string;
  readonly imports: readonly Import[];
}

interface Import {
  /** What is imported: the path of a file of ours, or a name from elsewhere. */
  readonly target: string;
  /** Whether only types are, of which nothing is left when the program runs. */
  readonly typesOnly: boolean;
}

/** The folders (a file right under src counts as one) that each folder may import from. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  ports: [],
  smtp: [],
  sasl: ["smtp"],
  message: ["smtp"],
  config: [],
  policy: ["ports", "smtp", "sasl"],
  net: ["ports"],
  system: ["ports"],
  log: ["ports"],
  store: ["ports", "smtp", "sasl"],
  queue: ["ports", "smtp", "message"],
  delivery: [
    "ports",
    "smtp",
    "sasl",
    "sasl",
    "message",
    "queue",
    "store",
    "net",
  ],
  server: [
    "ports",
    "smtp",
    "sasl",
    "message",
    "config",
    "policy",
    "net",
    "system",
    "log",
    "store",
    "queue",
    "delivery",
  ],
  cli: ["ports", "smtp", "config", "net", "system", "log"].concat(
    "store",
    "queue",
    "server",
  ),
  "main.ts": ["cli"],
};

/** Arrows that carry types and nothing that runs, with the few files that may be used all the same. */
const TYPES_ONLY: readonly {
  readonly from: string;
  readonly to: string;
  readonly except: readonly string[];
}[] = [
  { from: "queue", to: "message", except: [] },
  { from: "delivery", to: "queue", except: [] },
  { from: "store", to: "sasl", except: ["src/sasl/base64.ts"] },
  { from: "delivery", to: "net", except: [] },
  // The name of a domain must be the same wherever it is compared.
  { from: "delivery", to: "store", except: ["src/store/canonical.ts"] },
];

/** Who may speak to the system. */
const SYSTEM = /^(?:main\.ts|src\/(?:system|net|cli)\/)/;

/** Who may not know of time, chance, waiting or the outside. */
const PURE = /^src\/(?:smtp|sasl|message)\//;

const IMPURE =
  /\b(?:async|await|Promise|Date\.now|new Date\(\)|Math\.random|console|crypto|performance|fetch|set(?:Timeout|Interval)|queueMicrotask)\b/;

const sources = [readSource("main.ts"), ...readFolder("src")];
const byPath = new Map(sources.map((source) => [source.path, source]));
const readme = readIfThere("README.md");

function readFolder(folder: string): readonly Source[] {
  return [...Deno.readDirSync(new URL(`${folder}/`, ROOT))].flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) return readFolder(path);
    return path.endsWith(".ts") ? [readSource(path)] : [];
  });
}

function readSource(path: string): Source {
  const text = Deno.readTextFileSync(new URL(path, ROOT));
  const code = withoutComments(text);
  return { path, text, code, imports: [...readImports(path, code)] };
}

function readIfThere(path: string): string {
  try {
    return Deno.readTextFileSync(new URL(path, ROOT));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return "";
    throw cause;
  }
}

/** Strings are looked at too, so that what looks like a comment in one stays. */
function withoutComments(text: string): string {
  return text.replace(
    /"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/.*/g,
    (part) => part.startsWith("/") ? part.replace(/[^\n]/g, " ") : part,
  );
}

function* readImports(path: string, code: string): Generator<Import> {
  const statement =
    /^(?:import|export)\s+(type\s)?(?:([^;"]*?)\s+from\s+)?"([^"]+)"/gm;
  for (const [, type, names = "", name] of code.matchAll(statement)) {
    yield {
      target: resolve(path, name!),
      typesOnly: type !== undefined ||
        /^\{(?:\s*type\s[^,}]+,?)+\s*\}$/.test(names),
    };
  }
}

function resolve(path: string, name: string): string {
  return name.startsWith(".")
    ? new URL(name, new URL(path, ROOT)).href.slice(ROOT.href.length)
    : name;
}

/** `smtp` for a file of src/smtp, `log` for src/log.ts, `main.ts` for itself. */
function folderOf(path: string): string {
  return /^src\/(\w+)/.exec(path)?.[1] ?? path;
}

/** Imports of one file of ours by another. */
function* ownImports(): Generator<Import & { readonly source: Source }> {
  for (const source of sources) {
    for (const each of source.imports) {
      if (byPath.has(each.target)) yield { source, ...each };
    }
  }
}

Deno.test("every folder imports only from those it may", NONE, () => {
  const wrong: string[] = [];
  for (const { source, target } of ownImports()) {
    const from = folderOf(source.path);
    const to = folderOf(target);
    if (from !== to && !ARROWS[from]?.includes(to)) {
      wrong.push(`${source.path} imports ${target}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("some folders know others by their types only", NONE, () => {
  const wrong: string[] = [];
  for (const { source, target, typesOnly } of ownImports()) {
    const rule = TYPES_ONLY.find(({ from, to }) =>
      from === folderOf(source.path) && to === folderOf(target)
    );
    if (rule && !typesOnly && !rule.except.includes(target)) {
      wrong.push(`${source.path} imports ${target}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("every relative import leads to a file of ours", NONE, () => {
  const wrong = sources.flatMap(({ path, imports }) =>
    imports
      .filter(({ target }) => /^(?:src|main\.ts|tests)/.test(target))
      .filter(({ target }) => !byPath.has(target))
      .map(({ target }) => `${path} imports ${target}`)
  );
  assertEquals(wrong, []);
});

Deno.test("the protocol imports nothing from elsewhere", NONE, () => {
  const wrong = sources
    .filter(({ path }) => PURE.test(path))
    .flatMap(({ path, imports }) =>
      imports
        .filter(({ target }) => !byPath.has(target))
        .map(({ target }) => `${path} imports ${target}`)
    );
  assertEquals(wrong, []);
});

Deno.test("the protocol knows no time, no chance and no waiting", NONE, () => {
  const wrong = sources.filter(({ path }) => PURE.test(path))
    .flatMap((source) => linesWith(source, IMPURE));
  assertEquals(wrong, []);
});

Deno.test("only a few folders speak to Deno", NONE, () => {
  const wrong = sources.filter(({ path }) => !SYSTEM.test(path))
    .flatMap((source) => linesWith(source, /\bDeno\./));
  assertEquals(wrong, []);
});

Deno.test("no file imports itself by way of others", NONE, () => {
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    const start = way.indexOf(path);
    if (start >= 0) throw new Error([...way.slice(start), path].join(" -> "));
    if (done.has(path)) return;
    for (const { target } of byPath.get(path)?.imports ?? []) {
      visit(target, [...way, path]);
    }
    done.add(path);
  };
  for (const { path } of sources) visit(path, []);
  assertEquals(done.size >= sources.length, true);
});

Deno.test("everything exported says what it is", NONE, () => {
  const wrong: string[] = [];
  for (const { path, text } of sources) {
    const lines = text.split("\n");
    for (const [index, line] of lines.entries()) {
      if (!/^export (?!\*|\{|type \{)/.test(line)) continue;
      let above = index - 1;
      while (lines[above]?.startsWith("// deno-lint-ignore")) above--;
      if (!lines[above]?.endsWith("*/")) wrong.push(`${path}: ${line}`);
    }
  }
  assertEquals(wrong, []);
});

const tabled = new Set(
  readme.matchAll(/^\|\s*\[?RFC (\d+)/gm).map(([, number]) => number!),
);

Deno.test({
  name: "README's table has every RFC that the source cites",
  ignore: tabled.size === 0,
  permissions: "none",
  fn() {
    const cited = new Set(
      sources.flatMap(({ text }) =>
        [...text.matchAll(/\bRFC (\d{3,5})\b/g)].map(([, number]) => number!)
      ),
    );
    const missing = [...cited].filter((number) => !tabled.has(number));
    assertEquals(missing.sort(), []);
  },
});

function linesWith({ path, code }: Source, pattern: RegExp): readonly string[] {
  return code.split("\n").flatMap((line, index) =>
    pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : []
  );
}
