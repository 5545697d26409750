// Judges documents by the specification's schemas, independently of Pawl.
//
// Usage: node judge.mjs SCHEMAS DOCUMENTS
// SCHEMAS is a JSON array of JSON Schemas (draft 2020-12), DOCUMENTS has one
// JSON document a line. Writes a line for each: whether each schema accepts it,
// as 1 and 0 in the order of the schemas.
import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const [schemas, documents] = process.argv.slice(2);

// Formats are annotations in draft 2020-12. Two are asserted nevertheless: the
// schema says `oneOf: [{format: X}, {runtimeExpression}]`, which no expression
// could pass if X meant nothing.
const validators = JSON.parse(readFileSync(schemas, 'utf8')).map((schema) => {
  const ajv = new Ajv2020.default({ strict: false });
  addFormats.default(ajv, ['date-time', 'json-pointer']);
  for (const format of ['uri', 'uri-reference', 'uri-template'])
    ajv.addFormat(format, true);
  return ajv.compile(schema);
});

const verdicts = readFileSync(documents, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => {
    const document = JSON.parse(line);
    return validators.map((accepts) => (accepts(document) ? 1 : 0)).join(' ');
  });
process.stdout.write(verdicts.join('\n') + '\n');
