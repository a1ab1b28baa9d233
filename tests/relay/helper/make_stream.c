/* SPDX-License-Identifier: Apache-2.0 */
/* make_stream URL NAME SUBJECT DESCRIPTION: a stream that mmsync did not make. */
#include <nats/nats.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    natsConnection *nats = NULL;
    jsCtx *js = NULL;
    jsStreamConfig config;
    const char *subjects[1];
    natsStatus status;

    if (argc != 5)
        return 2;
    subjects[0] = argv[3];
    jsStreamConfig_Init(&config);
    config.Name = argv[2];
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.Description = argv[4];
    status = natsConnection_ConnectTo(&nats, argv[1]);
    if (!status)
        status = natsConnection_JetStream(&js, nats, NULL);
    if (!status)
        status = js_AddStream(NULL, js, &config, NULL, NULL);
    if (status)
        fprintf(stderr, "make_stream: %s\n", nats_GetLastError(NULL));
    jsCtx_Destroy(js);
    natsConnection_Destroy(nats);
    nats_Close();
    return status ? 1 : 0;
}
