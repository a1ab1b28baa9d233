/* SPDX-License-Identifier: Apache-2.0 */
/* A value of setters.rs: in it each kind of part, and each variant. */
#ifndef MMS_BOARD_H
#define MMS_BOARD_H

#define BOARD_ITEM(id)                                                                             \
    "{\"id\":" #id ",\"weights\":[1.0,2.0,3.0,4.0],\"mode\":{\"Ramp\":{\"from\":0.5,\"to\":1.5}}," \
    "\"level\":\"Mid\",\"limits\":{\"low\":1,\"high\":null,\"open\":false,\"mark\":\"a\"}}"

#define BOARD_JSON                                                                                                                     \
    "{\"revision\":1,\"title\":\"a title of some length\",\"items\":[" BOARD_ITEM(10) "," BOARD_ITEM(                                  \
        11) "],\"rows\":{\"7\":[1.0,2.0,3.0,4.0,5.0,6.0,7.0,8.0],\"8\":[0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0],"                             \
            "\"9\":[9.0,9.0,9.0,9.0,9.0,9.0,9.0,9.0]},\"named\":{\"one\":" BOARD_ITEM(20) ",\"another with a long name\":" BOARD_ITEM( \
                21) "},\"sorted\":{\"a\":1,\"b\":2,\"c\":3,"                                                                           \
                    "\"long enough to be elsewhere\":4},\"places\":[[{\"x\":1,\"y\":2},{\"x\":3,\"y\":4}],"                            \
                    "[{\"x\":-1,\"y\":-2},{\"x\":-3,\"y\":-4}]],\"slots\":[\"Empty\",{\"Count\":5},"                                   \
                    "{\"Named\":{\"name\":\"a name of some length\",\"size\":6}}],\"special\":" BOARD_ITEM(                            \
                        30) ",\"outcome\":{\"Ok\":100},\"ends\":{\"Ok\":1},\"boxed\":77,\"slice\":[\"Low\",\"High\"],"                 \
                            "\"matrix\":[[1,2,3],[4,5,6]],\"pair\":[{\"Count\":1},{\"Named\":{\"name\":\"x\",\"size\":2}}],"           \
                            "\"count\":4000000000,\"delta\":-5,\"wide\":340282366920938463463374607431768211455,"                      \
                            "\"span\":{\"secs\":1,\"nanos\":2},\"from\":\"127.0.0.1\","                                                \
                            "\"id\":\"00112233-4455-6677-8899-aabbccddeeff\",\"range\":{\"start\":1,\"end\":9},"                       \
                            "\"letters\":[\"a\",\"b\"],\"numbers\":[1,2,3],\"sets\":[[1,2],[3]],\"sizes\":{\"5\":1,\"70000\":2},"      \
                            "\"shifts\":{\"-2147483648\":1,\"-5\":2,\"7\":3},\"areas\":[[{\"width\":5,\"shift\":-5},1]],"              \
                            "\"heights\":[[-5,1]]}"

#endif
