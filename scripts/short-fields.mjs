/**
 * Gives the private fields of each class names of one letter, in the code of a bundle.
 *
 * Only fields: private methods and accessors are called in stack traces by their names. The same few names in every class are what
 * a compressor likes best.
 */
import ts from 'typescript';

export function withShortFields(code) {
  const file = ts.createSourceFile('bundle.js', code, ts.ScriptTarget.ES2022, true);
  const places = [];
  collect(file, new Map(), places);
  let [text, end] = ['', 0];
  for (const { node, name } of places) {
    text += code.slice(end, node.getStart()) + name;
    end = node.getEnd();
  }
  return text + code.slice(end);
}

/** The places of private fields in the order of the code; `names` are those of the classes around. */
function collect(node, names, places) {
  const known = ts.isClassLike(node) ? new Map([...names, ...shortNames(node.members.filter(isField))]) : names;
  if (ts.isPrivateIdentifier(node) && known.has(node.text)) places.push({ node, name: known.get(node.text) });
  ts.forEachChild(node, (child) => collect(child, known, places));
}

function isField(member) {
  return ts.isPropertyDeclaration(member) && ts.isPrivateIdentifier(member.name);
}

/** No method has a name as short, and classes do not stand in one another. */
function shortNames(fields) {
  return fields.map(({ name }, index) => [name.text, `#${String.fromCharCode(97 + index)}`]);
}
