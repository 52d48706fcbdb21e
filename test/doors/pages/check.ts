/** Checks a spec in a page, and lists its mistakes, by `spadework/compiler` alone. */
import { check, compile, cpu, format, lower, type Library } from '../../../compiler/door.ts';
import { fetchFile, report } from './report.ts';

await report(async () => {
  const library = (await (await fetchFile('library.json')).json()) as Library;
  const textOf = async (file: string): Promise<string> => (await fetchFile(file)).text();
  const good = check({ name: 'good.spade', text: await textOf('good.spade') }, { library });
  const bad = check({ name: 'bad.spade', text: await textOf('bad.spade') }, { library });
  const list = document.createElement('ol');
  for (const { code, message, hint, place } of bad.problems) {
    const item = document.createElement('li');
    item.textContent = `${place?.file}:${place?.line}:${place?.column} ${code}: ${message}`;
    if (hint !== undefined) item.append(document.createElement('br'), `hint: ${hint}`);
    list.append(item);
  }
  document.body.append(list);
  if (!good.spec) throw new Error(good.problems.map(({ rendered }) => rendered).join('\n'));
  const program = compile(good.spec, { target: cpu, batch: 1, methods: ['step'], sources: good.sources });
  return {
    name: good.spec.name,
    problems: bad.problems,
    shown: list.children.length,
    nodes: lower(program, { target: cpu }).nodes.length,
    text: format({ text: await textOf('good.spade') }).text,
  };
});
