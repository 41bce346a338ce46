import { describe, expect, test } from 'vitest';
import { commentsOf } from '../../src/comments/comments.js';
import { languageByFirstLine, languageByName } from '../../src/comments/languages.js';

function commentsIn(name: string, source: string): string[] {
  return commentsOf(source, languageByName(name)!.syntax).map(({ start, end }) => source.slice(start, end));
}

/** In each, the comments say `yes` and everything else that looks like one says `no`. */
const SOURCES: Readonly<Record<string, string>> = {
  'a.ts': [
    'const a = "// no" + \'/* no */\' + `// no ${b /* yes */ + `${c} // no`} /* no */`; // yes',
    'const r = /[/"]\\/\\/ no/g, d = 6 / 3; // yes',
    'return /\'/.test(x) ? "/* no" : {} / 2; /* yes',
    'yes */ const url = "http://no";',
    "const s = 'it\\'s // no'; // yes",
  ].join('\n'),
  'a.c': "char *s = \"/* no */\\\" // no\"; char c = '\"'; // yes\n/* yes // yes */ int million = 1'000'000; // yes",
  'a.cpp': 'auto s = R"x( // no )" )x"; // yes',
  'a.cs': 'var s = @"C:\\" + "// no" + """ // no """; // yes',
  'a.rs': "fn f<'a>(s: &'a str) { r#\"// \"no\" //\"#; '\"'; } // yes\n/* yes /* yes */ yes */",
  'a.go': 's := `// no` + "/* no */" // yes',
  'a.py': 's = "# no" + \'# no\'\nd = """ # no\n# no """\nx = 1 # yes',
  'a.sh': 'echo "# no" \'# no\' $# ${x#no} it\\\'s # yes\ncat <<EOF\n# no\nEOF\n# yes',
  'a.rb': 's = "#{x} # no" # yes\nt = <<~SQL\n  # no\nSQL\n# yes',
  'a.yml': 'key: "# no" # yes\nurl: http://host/#no',
  'a.sql': "select '-- no', 'it''s -- no' -- yes\n/* yes */",
  'a.lua': 's = "-- no" .. [[ -- no ]] -- yes\n--[[ yes\nyes ]]',
  'a.hs': 's = "-- no" -- yes\n{- yes {- yes -} yes -}',
  'a.css': 'a { content: "/* no */"; background: url(http://no/*no*/) } /* yes */',
  'a.scss': '$a: url(//no); // yes',
  'a.html': '<!-- yes --><a href="//no">// no</a><script>let s = "// no"; // yes\n</script><style>a {} /* yes */</style>',
  'a.vue': '<template><!-- yes --></template>\n<script setup lang="ts">\nconst a = 1 // yes\n</script>',
  'a.md': 'Text // no\n\n```html\n<!-- no -->\n```\n\n`<!-- no -->` <!-- yes -->',
  'a.xml': '<a><![CDATA[ <!-- no --> ]]></a><!-- yes -->',
  'a.php': '<?php $s = "// no"; # yes\n#[Attribute]\n// yes ?> <b>no</b>\n<?php # yes ?>no',
  'a.el': '(message "; no") ; yes\n?\\" ; yes',
  'a.tex': '50\\% no % yes',
  'a.ini': '; yes\nkey = a;no # yes',
  'a.json': '{ "a": "// no" } // yes',
  Makefile: 'all: # yes\n\techo "# no"',
  'a.tf': 'a = "# no // no" # yes\n// yes\n/* yes */',
};

describe('comments are told from code and strings', () => {
  test.each(Object.entries(SOURCES))('in %s', (name, source) => {
    const comments = commentsIn(name, source);
    expect(comments.filter((comment) => !comment.includes('yes') || comment.includes('no'))).toEqual([]);
    const rest = comments.reduce((text, comment) => text.replace(comment, ''), source);
    expect(rest).not.toContain('yes');
  });

  test('a comment or a string that is not closed goes on to the end, and costs little', () => {
    expect(commentsIn('a.c', '/* open')).toEqual(['/* open']);
    expect(commentsIn('a.py', '"""' + '\\"'.repeat(300_000))).toEqual([]);
    expect(commentsIn('a.ts', '`${'.repeat(10_000))).toEqual([]);
    expect(commentsIn('a.ts', '"'.repeat(100_001) + '\n// here')).toEqual(['// here']);
  });

  test('an apostrophe in a text hides no more than its line', () => {
    expect(commentsIn('a.tsx', "<p>Don't</p>\n{/* here */}")).toEqual(['/* here */']);
    expect(commentsIn('a.yml', "name: don't\n# here")).toEqual(['# here']);
  });
});

describe('a language', () => {
  test('is known by the ending of a name, by a whole name, or by the first line of a script', () => {
    expect(languageByName('src/a.test.ts')?.name).toBe('TypeScript');
    expect(languageByName('docker/Dockerfile')?.name).toBe('Dockerfile');
    expect(languageByName('.gitignore')?.name).toBe('ignore file');
    expect(languageByName('run')).toBeUndefined();
    expect(languageByFirstLine('#!/usr/bin/env -S bash -e\n')?.name).toBe('Shell');
    expect(languageByFirstLine('#!/usr/bin/python3\n')?.name).toBe('Python');
    expect(languageByFirstLine('bash')).toBeUndefined();
  });

  test('of a picture is none', () => {
    expect(languageByName('a.png')).toBeUndefined();
    expect(languageByName('toString')).toBeUndefined();
    expect(languageByName('a.constructor')).toBeUndefined();
  });
});
