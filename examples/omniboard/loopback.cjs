// Omniboard asks for a port on every network of the machine, without a password; here it gets it on this machine alone.
"use strict";

const { Server } = require("net");
const listen = Server.prototype.listen;

Server.prototype.listen = function (port, ...rest) {
  const isPort = typeof port === "string" || typeof port === "number";
  return isPort && typeof rest[0] !== "string"
    ? listen.call(this, { port: Number(port), host: "127.0.0.1" }, ...rest)
    : listen.call(this, port, ...rest);
};
