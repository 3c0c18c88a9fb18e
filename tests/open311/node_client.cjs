// Walks one report with the npm client open311: discovery, services, definition, POST, GET, token.
// It takes the discovery address, the key and the fields of the report; it prints what it was told.
"use strict";

const Open311 = require("open311");

const [discovery, apiKey, fields] = process.argv.slice(2);
const client = new Open311({ discovery, apiKey, format: "json" });

function ask(method, ...given) {
  return new Promise((resolve, reject) => {
    client[method](...given, (error, told) => (error ? reject(new Error(String(told))) : resolve(told)));
  });
}

async function main() {
  const report = JSON.parse(fields);
  const told = {};
  told.discovery = await ask("serviceDiscovery", { cache: true });
  told.services = await ask("serviceList");
  told.definition = await ask("serviceDefinition", report.service_code);
  told.sent = await ask("submitRequest", report);
  const code = told.sent[0].service_request_id;
  told.one = await ask("serviceRequest", code);
  told.several = await ask("serviceRequests", [code, code], {});
  told.token = await ask("token", code);
  told.list = await ask("serviceRequests", { status: "open" });
  console.log(JSON.stringify(told));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
