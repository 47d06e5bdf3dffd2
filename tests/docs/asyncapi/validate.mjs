// Hold AsyncAPI documents against AsyncAPI's own parser, Avro schemas included; a line for each document, or for each fault.
import { Parser, fromFile } from "@asyncapi/parser";
import { AvroSchemaParser } from "@asyncapi/avro-schema-parser";

const INFORMATION = 2; // spectral's severities: error, warning, information, hint
const parser = new Parser();
parser.registerSchemaParser(AvroSchemaParser());
for (const file of process.argv.slice(2)) {
  const { document, diagnostics } = await fromFile(parser, file).parse();
  const wrong = diagnostics.filter(({ severity }) => severity < INFORMATION);
  for (const { code, path, message } of wrong) console.log(`${file}: ${code} ${path.join(".")}: ${message}`);
  if (document === undefined || wrong.length > 0) continue;
  const [channels, operations] = [document.channels().length, document.operations().length];
  console.log(`${file}: valid, ${channels} channels, ${operations} operations, ${document.allMessages().length} messages`);
}
