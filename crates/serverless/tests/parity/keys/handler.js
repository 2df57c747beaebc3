exports.a = exports.b = exports.c = async () => ({ statusCode: 200, body: "ok" });
