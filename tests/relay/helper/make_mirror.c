/* SPDX-License-Identifier: Apache-2.0 */
/* make_mirror URL DOMAIN NAME FROM: in the JetStream domain DOMAIN, mirrors of both streams of NAME in the domain FROM, as
   docs/fleet.md has them for a data centre; the log is limited to 64 MiB, as purges are not mirrored. */
#include <nats/nats.h>
#include <stdio.h>
#include <string.h>

static natsStatus mirror(jsCtx *js, const char *name, const char *what, const char *from)
{
    char stream[128], description[64], api[128];
    const int is_log = strcmp(what, "log") == 0;
    jsStreamSource source;
    jsExternalStream external;
    jsStreamConfig config;

    snprintf(stream, sizeof stream, "mmsync-%s-%s", name, what);
    snprintf(description, sizeof description, "mmsync, format 1: %s", is_log ? "changes" : "chunks");
    snprintf(api, sizeof api, "$JS.%s.API", from);
    jsExternalStream_Init(&external);
    external.APIPrefix = api;
    external.DeliverPrefix = ""; /* libnats 3.4 does not take NULL */
    jsStreamSource_Init(&source);
    source.Name = stream;
    source.External = &external;
    jsStreamConfig_Init(&config);
    config.Name = stream;
    config.Description = description;
    config.Mirror = &source;
    config.MaxMsgsPerSubject = is_log ? -1 : 1;
    config.MaxBytes = is_log ? 64 << 20 : -1;
    config.AllowDirect = config.MirrorDirect = true;
    return js_AddStream(NULL, js, &config, NULL, NULL);
}

int main(int argc, char **argv)
{
    natsConnection *nats = NULL;
    jsCtx *js = NULL;
    jsOptions options;
    natsStatus status;

    if (argc != 5)
        return 2;
    jsOptions_Init(&options);
    options.Domain = argv[2];
    status = natsConnection_ConnectTo(&nats, argv[1]);
    if (!status)
        status = natsConnection_JetStream(&js, nats, &options);
    if (!status)
        status = mirror(js, argv[3], "log", argv[4]);
    if (!status)
        status = mirror(js, argv[3], "value", argv[4]);
    if (status)
        fprintf(stderr, "make_mirror: %s\n", nats_GetLastError(NULL));
    jsCtx_Destroy(js);
    natsConnection_Destroy(nats);
    nats_Close();
    return status ? 1 : 0;
}
