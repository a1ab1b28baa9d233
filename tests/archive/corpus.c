/* SPDX-License-Identifier: Apache-2.0 */
#include "corpus.h"
#include "everything.h"
#include "hello.h"
#include "json_input.h"
#include "standard.h"
#include "wide.h"
#include <stdlib.h>

/* clang-format off */
static const struct corpus_value values[] = {
    {&HelloWorld_archive,
     "{\"version\":7,\"messages\":[\"Hello\",\"World\",\"!\"]}"},
    {&HelloWorld_archive,
     "{\"version\":0,\"messages\":[]}"},
    {&Everything_archive,
     "{\"numbers\":{\"a\":1,\"b\":2,\"c\":3,\"d\":18446744073709551615,\"e\":340282366920938463463374607431768211455,\""
     "f\":-1,\"g\":-2,\"h\":-3,\"i\":-9223372036854775808,\"j\":-170141183460469231731687303715884105728,\"k\":429496"
     "7295,\"l\":-5,\"m\":1.5,\"n\":-2.25,\"o\":true,\"p\":\"\\u00e9\",\"nothing\":null},\"containers\":{\"text\":\"longer tha"
     "n seven bytes\",\"fixed\":\"fixed\",\"boxed\":77,\"slice\":[1,2,3],\"maybe\":5,\"maybe_text\":\"also a longer text"
     "\",\"maybe_nothing\":null,\"result\":{\"Ok\":9},\"outcome\":{\"Err\":3},\"vectors\":[[1.0,2.0],[],[3.5]],\"arrays\""
     ":[[1,2,3],[4,5,6]],\"names\":[\"short\",\"not so short a name\"],\"none\":[],\"after\":8,\"shapes\":[\"Empty\",{\"C"
     "ircle\":2.5},{\"Rectangle\":{\"width\":1.0,\"height\":2.0,\"name\":\"a long enough name\"}},{\"Pair\":[4,\"Blue\"]}"
     ",{\"Group\":[\"Empty\",{\"Circle\":1.0}]},{\"Hollow\":[]}],\"by_id\":{\"0\":[],\"1000003\":[1.0],\"2000006\":[2.0,2."
     "0],\"3000009\":[3.0,3.0,3.0],\"4000012\":[],\"5000015\":[5.0],\"6000018\":[6.0,6.0],\"7000021\":[7.0,7.0,7.0],"
     "\"8000024\":[],\"9000027\":[9.0],\"10000030\":[10.0,10.0],\"11000033\":[11.0,11.0,11.0],\"12000036\":[],\"13000"
     "039\":[13.0],\"14000042\":[14.0,14.0],\"15000045\":[15.0,15.0,15.0],\"16000048\":[],\"17000051\":[17.0],\"1800"
     "0054\":[18.0,18.0],\"19000057\":[19.0,19.0,19.0]},\"by_name\":{\"n0\":{\"Rectangle\":{\"width\":1.0,\"height\":2."
     "0,\"name\":\"shape number 0\"}},\"n1\":{\"Rectangle\":{\"width\":1.0,\"height\":2.0,\"name\":\"shape number 1\"}},\"n"
     "2\":{\"Rectangle\":{\"width\":1.0,\"height\":2.0,\"name\":\"shape number 2\"}},\"n3\":{\"Rectangle\":{\"width\":1.0,\""
     "height\":2.0,\"name\":\"shape number 3\"}},\"n4\":{\"Rectangle\":{\"width\":1.0,\"height\":2.0,\"name\":\"shape numb"
     "er 4\"}}},\"by_size\":{\"1\":2,\"3\":4,\"70000\":5},\"by_wide\":{\"340282366920938463463374607431768211455\":-1,\""
     "0\":1},\"by_sign\":{\"-1\":true,\"5\":false},\"letters\":[\"a\",\"\\u00df\",\"\\u20ac\"],\"words\":[\"one\",\"two\",\"a long"
     " word of more bytes\"],\"sorted\":{\"k000 with a tail\":0,\"k001 with a tail\":1,\"k002 with a tail\":2,\"k003"
     " with a tail\":3,\"k004 with a tail\":4,\"k005 with a tail\":5,\"k006 with a tail\":6,\"k007 with a tail\":7,"
     "\"k008 with a tail\":8,\"k009 with a tail\":9,\"k010 with a tail\":10,\"k011 with a tail\":11,\"k012 with a t"
     "ail\":12,\"k013 with a tail\":13,\"k014 with a tail\":14,\"k015 with a tail\":15,\"k016 with a tail\":16,\"k01"
     "7 with a tail\":17,\"k018 with a tail\":18,\"k019 with a tail\":19,\"k020 with a tail\":20,\"k021 with a tai"
     "l\":21,\"k022 with a tail\":22,\"k023 with a tail\":23,\"k024 with a tail\":24,\"k025 with a tail\":25,\"k026 "
     "with a tail\":26,\"k027 with a tail\":27,\"k028 with a tail\":28,\"k029 with a tail\":29,\"k030 with a tail\""
     ":30,\"k031 with a tail\":31,\"k032 with a tail\":32,\"k033 with a tail\":33,\"k034 with a tail\":34,\"k035 wi"
     "th a tail\":35,\"k036 with a tail\":36,\"k037 with a tail\":37,\"k038 with a tail\":38,\"k039 with a tail\":3"
     "9,\"k040 with a tail\":40,\"k041 with a tail\":41,\"k042 with a tail\":42,\"k043 with a tail\":43,\"k044 with"
     " a tail\":44,\"k045 with a tail\":45,\"k046 with a tail\":46,\"k047 with a tail\":47,\"k048 with a tail\":48,"
     "\"k049 with a tail\":49,\"k050 with a tail\":50,\"k051 with a tail\":51,\"k052 with a tail\":52,\"k053 with a"
     " tail\":53,\"k054 with a tail\":54,\"k055 with a tail\":55,\"k056 with a tail\":56,\"k057 with a tail\":57,\"k"
     "058 with a tail\":58,\"k059 with a tail\":59,\"k060 with a tail\":60,\"k061 with a tail\":61,\"k062 with a t"
     "ail\":62,\"k063 with a tail\":63,\"k064 with a tail\":64,\"k065 with a tail\":65,\"k066 with a tail\":66,\"k06"
     "7 with a tail\":67,\"k068 with a tail\":68,\"k069 with a tail\":69,\"k070 with a tail\":70,\"k071 with a tai"
     "l\":71,\"k072 with a tail\":72,\"k073 with a tail\":73,\"k074 with a tail\":74,\"k075 with a tail\":75,\"k076 "
     "with a tail\":76,\"k077 with a tail\":77,\"k078 with a tail\":78,\"k079 with a tail\":79,\"k080 with a tail\""
     ":80,\"k081 with a tail\":81,\"k082 with a tail\":82,\"k083 with a tail\":83,\"k084 with a tail\":84,\"k085 wi"
     "th a tail\":85,\"k086 with a tail\":86,\"k087 with a tail\":87,\"k088 with a tail\":88,\"k089 with a tail\":8"
     "9,\"k090 with a tail\":90,\"k091 with a tail\":91,\"k092 with a tail\":92,\"k093 with a tail\":93,\"k094 with"
     " a tail\":94,\"k095 with a tail\":95,\"k096 with a tail\":96,\"k097 with a tail\":97,\"k098 with a tail\":98,"
     "\"k099 with a tail\":99,\"k100 with a tail\":100,\"k101 with a tail\":101,\"k102 with a tail\":102,\"k103 wit"
     "h a tail\":103,\"k104 with a tail\":104,\"k105 with a tail\":105,\"k106 with a tail\":106,\"k107 with a tail"
     "\":107,\"k108 with a tail\":108,\"k109 with a tail\":109,\"k110 with a tail\":110,\"k111 with a tail\":111,\"k"
     "112 with a tail\":112,\"k113 with a tail\":113,\"k114 with a tail\":114,\"k115 with a tail\":115,\"k116 with"
     " a tail\":116,\"k117 with a tail\":117,\"k118 with a tail\":118,\"k119 with a tail\":119,\"k120 with a tail\""
     ":120,\"k121 with a tail\":121,\"k122 with a tail\":122,\"k123 with a tail\":123,\"k124 with a tail\":124,\"k1"
     "25 with a tail\":125,\"k126 with a tail\":126,\"k127 with a tail\":127,\"k128 with a tail\":128,\"k129 with "
     "a tail\":129,\"k130 with a tail\":130,\"k131 with a tail\":131,\"k132 with a tail\":132,\"k133 with a tail\":"
     "133,\"k134 with a tail\":134,\"k135 with a tail\":135,\"k136 with a tail\":136,\"k137 with a tail\":137,\"k13"
     "8 with a tail\":138,\"k139 with a tail\":139,\"k140 with a tail\":140,\"k141 with a tail\":141,\"k142 with a"
     " tail\":142,\"k143 with a tail\":143,\"k144 with a tail\":144,\"k145 with a tail\":145,\"k146 with a tail\":1"
     "46,\"k147 with a tail\":147,\"k148 with a tail\":148,\"k149 with a tail\":149,\"k150 with a tail\":150,\"k151"
     " with a tail\":151,\"k152 with a tail\":152,\"k153 with a tail\":153,\"k154 with a tail\":154,\"k155 with a "
     "tail\":155,\"k156 with a tail\":156,\"k157 with a tail\":157,\"k158 with a tail\":158,\"k159 with a tail\":15"
     "9,\"k160 with a tail\":160,\"k161 with a tail\":161,\"k162 with a tail\":162,\"k163 with a tail\":163,\"k164 "
     "with a tail\":164,\"k165 with a tail\":165,\"k166 with a tail\":166,\"k167 with a tail\":167,\"k168 with a t"
     "ail\":168,\"k169 with a tail\":169,\"k170 with a tail\":170,\"k171 with a tail\":171,\"k172 with a tail\":172"
     ",\"k173 with a tail\":173,\"k174 with a tail\":174,\"k175 with a tail\":175,\"k176 with a tail\":176,\"k177 w"
     "ith a tail\":177,\"k178 with a tail\":178,\"k179 with a tail\":179,\"k180 with a tail\":180,\"k181 with a ta"
     "il\":181,\"k182 with a tail\":182,\"k183 with a tail\":183,\"k184 with a tail\":184,\"k185 with a tail\":185,"
     "\"k186 with a tail\":186,\"k187 with a tail\":187,\"k188 with a tail\":188,\"k189 with a tail\":189,\"k190 wi"
     "th a tail\":190,\"k191 with a tail\":191,\"k192 with a tail\":192,\"k193 with a tail\":193,\"k194 with a tai"
     "l\":194,\"k195 with a tail\":195,\"k196 with a tail\":196,\"k197 with a tail\":197,\"k198 with a tail\":198,\""
     "k199 with a tail\":199,\"k200 with a tail\":200,\"k201 with a tail\":201,\"k202 with a tail\":202,\"k203 wit"
     "h a tail\":203,\"k204 with a tail\":204,\"k205 with a tail\":205,\"k206 with a tail\":206,\"k207 with a tail"
     "\":207,\"k208 with a tail\":208,\"k209 with a tail\":209,\"k210 with a tail\":210,\"k211 with a tail\":211,\"k"
     "212 with a tail\":212,\"k213 with a tail\":213,\"k214 with a tail\":214,\"k215 with a tail\":215,\"k216 with"
     " a tail\":216,\"k217 with a tail\":217,\"k218 with a tail\":218,\"k219 with a tail\":219,\"k220 with a tail\""
     ":220,\"k221 with a tail\":221,\"k222 with a tail\":222,\"k223 with a tail\":223,\"k224 with a tail\":224,\"k2"
     "25 with a tail\":225,\"k226 with a tail\":226,\"k227 with a tail\":227,\"k228 with a tail\":228,\"k229 with "
     "a tail\":229,\"k230 with a tail\":230,\"k231 with a tail\":231,\"k232 with a tail\":232,\"k233 with a tail\":"
     "233,\"k234 with a tail\":234,\"k235 with a tail\":235,\"k236 with a tail\":236,\"k237 with a tail\":237,\"k23"
     "8 with a tail\":238,\"k239 with a tail\":239,\"k240 with a tail\":240,\"k241 with a tail\":241,\"k242 with a"
     " tail\":242,\"k243 with a tail\":243,\"k244 with a tail\":244,\"k245 with a tail\":245,\"k246 with a tail\":2"
     "46,\"k247 with a tail\":247,\"k248 with a tail\":248,\"k249 with a tail\":249,\"k250 with a tail\":250,\"k251"
     " with a tail\":251,\"k252 with a tail\":252,\"k253 with a tail\":253,\"k254 with a tail\":254,\"k255 with a "
     "tail\":255,\"k256 with a tail\":256,\"k257 with a tail\":257,\"k258 with a tail\":258,\"k259 with a tail\":25"
     "9,\"k260 with a tail\":260,\"k261 with a tail\":261,\"k262 with a tail\":262,\"k263 with a tail\":263,\"k264 "
     "with a tail\":264,\"k265 with a tail\":265,\"k266 with a tail\":266,\"k267 with a tail\":267,\"k268 with a t"
     "ail\":268,\"k269 with a tail\":269,\"k270 with a tail\":270,\"k271 with a tail\":271,\"k272 with a tail\":272"
     ",\"k273 with a tail\":273,\"k274 with a tail\":274,\"k275 with a tail\":275,\"k276 with a tail\":276,\"k277 w"
     "ith a tail\":277,\"k278 with a tail\":278,\"k279 with a tail\":279,\"k280 with a tail\":280,\"k281 with a ta"
     "il\":281,\"k282 with a tail\":282,\"k283 with a tail\":283,\"k284 with a tail\":284,\"k285 with a tail\":285,"
     "\"k286 with a tail\":286,\"k287 with a tail\":287,\"k288 with a tail\":288,\"k289 with a tail\":289,\"k290 wi"
     "th a tail\":290,\"k291 with a tail\":291,\"k292 with a tail\":292,\"k293 with a tail\":293,\"k294 with a tai"
     "l\":294,\"k295 with a tail\":295,\"k296 with a tail\":296,\"k297 with a tail\":297,\"k298 with a tail\":298,\""
     "k299 with a tail\":299},\"sorted_numbers\":{\"-5\":null,\"6\":{\"value\":1,\"next\":{\"value\":2,\"next\":null}}},\""
     "members\":{\"1\":null,\"200\":null},\"present\":{\"true\":null},\"pause\":{\"secs\":5,\"nanos\":999999999},\"unit\":n"
     "ull,\"units\":[null,null,null],\"color\":\"Green\",\"meters\":2.5,\"pair\":[1,\"of a pair, longer\"],\"list\":{\"va"
     "lue\":1,\"next\":{\"value\":2,\"next\":{\"value\":3,\"next\":null}}},\"double\":1,\"class\":-1}}"},
    {&Everything_archive,
     "{\"numbers\":{\"a\":1,\"b\":2,\"c\":3,\"d\":18446744073709551615,\"e\":340282366920938463463374607431768211455,\""
     "f\":-1,\"g\":-2,\"h\":-3,\"i\":-9223372036854775808,\"j\":-170141183460469231731687303715884105728,\"k\":429496"
     "7295,\"l\":-5,\"m\":1.5,\"n\":-2.25,\"o\":true,\"p\":\"\\u00e9\",\"nothing\":null},\"containers\":{\"text\":\"\",\"fixed\":"
     "\"\",\"boxed\":77,\"slice\":[],\"maybe\":null,\"maybe_text\":null,\"maybe_nothing\":null,\"result\":{\"Err\":\"an err"
     "or\"},\"outcome\":{\"Ok\":null},\"vectors\":[],\"arrays\":[[1,2,3],[4,5,6]],\"names\":[\"short\",\"not so short a "
     "name\"],\"none\":[],\"after\":8,\"shapes\":[],\"by_id\":{},\"by_name\":{},\"by_size\":{},\"by_wide\":{},\"by_sign\":{"
     "},\"letters\":[],\"words\":[],\"sorted\":{},\"sorted_numbers\":{},\"members\":{},\"present\":{},\"pause\":{\"secs\":"
     "5,\"nanos\":999999999},\"unit\":null,\"units\":[],\"color\":\"Green\",\"meters\":2.5,\"pair\":[1,\"of a pair, longe"
     "r\"],\"list\":{\"value\":1,\"next\":{\"value\":2,\"next\":{\"value\":3,\"next\":null}}},\"double\":1,\"class\":-1}}"},
    {&Node_archive,
     "{\"value\":1,\"next\":{\"value\":2,\"next\":null}}"},
    {&Shape_archive,
     "{\"Group\":[\"Empty\",{\"Rectangle\":{\"width\":1.0,\"height\":2.0,\"name\":\"some name here\"}},{\"Group\":[{\"Pair\""
     ":[1,\"Red\"]}]}]}"},
    {&w_Table_archive,
     "{\"name\":\"a table with a name\",\"sizes\":[1,2,18446744073709551615],\"by_id\":{\"1\":[1.0],\"2\":[]},\"by_size"
     "\":{\"18446744073709551615\":\"xxxxxxxxxxxxxxxxxxxx\",\"5\":\"five\"},\"sorted\":{\"k000\":[0],\"k001\":[1],\"k002\":"
     "[2],\"k003\":[3],\"k004\":[4],\"k005\":[5],\"k006\":[6],\"k007\":[7],\"k008\":[8],\"k009\":[9],\"k010\":[10],\"k011\":"
     "[11],\"k012\":[12],\"k013\":[13],\"k014\":[14],\"k015\":[15],\"k016\":[16],\"k017\":[17],\"k018\":[18],\"k019\":[19]"
     ",\"k020\":[20],\"k021\":[21],\"k022\":[22],\"k023\":[23],\"k024\":[24],\"k025\":[25],\"k026\":[26],\"k027\":[27],\"k0"
     "28\":[28],\"k029\":[29],\"k030\":[30],\"k031\":[31],\"k032\":[32],\"k033\":[33],\"k034\":[34],\"k035\":[35],\"k036\":"
     "[36],\"k037\":[37],\"k038\":[38],\"k039\":[39],\"k040\":[40],\"k041\":[41],\"k042\":[42],\"k043\":[43],\"k044\":[44]"
     ",\"k045\":[45],\"k046\":[46],\"k047\":[47],\"k048\":[48],\"k049\":[49],\"k050\":[50],\"k051\":[51],\"k052\":[52],\"k0"
     "53\":[53],\"k054\":[54],\"k055\":[55],\"k056\":[56],\"k057\":[57],\"k058\":[58],\"k059\":[59],\"k060\":[60],\"k061\":"
     "[61],\"k062\":[62],\"k063\":[63],\"k064\":[64],\"k065\":[65],\"k066\":[66],\"k067\":[67],\"k068\":[68],\"k069\":[69]"
     ",\"k070\":[70],\"k071\":[71],\"k072\":[72],\"k073\":[73],\"k074\":[74],\"k075\":[75],\"k076\":[76],\"k077\":[77],\"k0"
     "78\":[78],\"k079\":[79],\"k080\":[80],\"k081\":[81],\"k082\":[82],\"k083\":[83],\"k084\":[84],\"k085\":[85],\"k086\":"
     "[86],\"k087\":[87],\"k088\":[88],\"k089\":[89],\"k090\":[90],\"k091\":[91],\"k092\":[92],\"k093\":[93],\"k094\":[94]"
     ",\"k095\":[95],\"k096\":[96],\"k097\":[97],\"k098\":[98],\"k099\":[99],\"k100\":[100],\"k101\":[101],\"k102\":[102],"
     "\"k103\":[103],\"k104\":[104],\"k105\":[105],\"k106\":[106],\"k107\":[107],\"k108\":[108],\"k109\":[109],\"k110\":[1"
     "10],\"k111\":[111],\"k112\":[112],\"k113\":[113],\"k114\":[114],\"k115\":[115],\"k116\":[116],\"k117\":[117],\"k118"
     "\":[118],\"k119\":[119],\"k120\":[120],\"k121\":[121],\"k122\":[122],\"k123\":[123],\"k124\":[124],\"k125\":[125],\""
     "k126\":[126],\"k127\":[127],\"k128\":[128],\"k129\":[129],\"k130\":[130],\"k131\":[131],\"k132\":[132],\"k133\":[13"
     "3],\"k134\":[134],\"k135\":[135],\"k136\":[136],\"k137\":[137],\"k138\":[138],\"k139\":[139],\"k140\":[140],\"k141\""
     ":[141],\"k142\":[142],\"k143\":[143],\"k144\":[144],\"k145\":[145],\"k146\":[146],\"k147\":[147],\"k148\":[148],\"k"
     "149\":[149],\"k150\":[150],\"k151\":[151],\"k152\":[152],\"k153\":[153],\"k154\":[154],\"k155\":[155],\"k156\":[156"
     "],\"k157\":[157],\"k158\":[158],\"k159\":[159],\"k160\":[160],\"k161\":[161],\"k162\":[162],\"k163\":[163],\"k164\":"
     "[164],\"k165\":[165],\"k166\":[166],\"k167\":[167],\"k168\":[168],\"k169\":[169],\"k170\":[170],\"k171\":[171],\"k1"
     "72\":[172],\"k173\":[173],\"k174\":[174],\"k175\":[175],\"k176\":[176],\"k177\":[177],\"k178\":[178],\"k179\":[179]"
     ",\"k180\":[180],\"k181\":[181],\"k182\":[182],\"k183\":[183],\"k184\":[184],\"k185\":[185],\"k186\":[186],\"k187\":["
     "187],\"k188\":[188],\"k189\":[189],\"k190\":[190],\"k191\":[191],\"k192\":[192],\"k193\":[193],\"k194\":[194],\"k19"
     "5\":[195],\"k196\":[196],\"k197\":[197],\"k198\":[198],\"k199\":[199]},\"list\":{\"name\":\"inner\",\"sizes\":[1,2,18"
     "446744073709551615],\"by_id\":{\"1\":[1.0],\"2\":[]},\"by_size\":{\"18446744073709551615\":\"xxxxxxxxxxxxxxxxxx"
     "xx\",\"5\":\"five\"},\"sorted\":{\"k000\":[0],\"k001\":[1],\"k002\":[2],\"k003\":[3],\"k004\":[4],\"k005\":[5],\"k006\":["
     "6],\"k007\":[7],\"k008\":[8],\"k009\":[9],\"k010\":[10],\"k011\":[11],\"k012\":[12],\"k013\":[13],\"k014\":[14],\"k01"
     "5\":[15],\"k016\":[16],\"k017\":[17],\"k018\":[18],\"k019\":[19],\"k020\":[20],\"k021\":[21],\"k022\":[22],\"k023\":["
     "23],\"k024\":[24],\"k025\":[25],\"k026\":[26],\"k027\":[27],\"k028\":[28],\"k029\":[29],\"k030\":[30],\"k031\":[31],"
     "\"k032\":[32],\"k033\":[33],\"k034\":[34],\"k035\":[35],\"k036\":[36],\"k037\":[37],\"k038\":[38],\"k039\":[39],\"k04"
     "0\":[40],\"k041\":[41],\"k042\":[42],\"k043\":[43],\"k044\":[44],\"k045\":[45],\"k046\":[46],\"k047\":[47],\"k048\":["
     "48],\"k049\":[49],\"k050\":[50],\"k051\":[51],\"k052\":[52],\"k053\":[53],\"k054\":[54],\"k055\":[55],\"k056\":[56],"
     "\"k057\":[57],\"k058\":[58],\"k059\":[59],\"k060\":[60],\"k061\":[61],\"k062\":[62],\"k063\":[63],\"k064\":[64],\"k06"
     "5\":[65],\"k066\":[66],\"k067\":[67],\"k068\":[68],\"k069\":[69],\"k070\":[70],\"k071\":[71],\"k072\":[72],\"k073\":["
     "73],\"k074\":[74],\"k075\":[75],\"k076\":[76],\"k077\":[77],\"k078\":[78],\"k079\":[79],\"k080\":[80],\"k081\":[81],"
     "\"k082\":[82],\"k083\":[83],\"k084\":[84],\"k085\":[85],\"k086\":[86],\"k087\":[87],\"k088\":[88],\"k089\":[89],\"k09"
     "0\":[90],\"k091\":[91],\"k092\":[92],\"k093\":[93],\"k094\":[94],\"k095\":[95],\"k096\":[96],\"k097\":[97],\"k098\":["
     "98],\"k099\":[99],\"k100\":[100],\"k101\":[101],\"k102\":[102],\"k103\":[103],\"k104\":[104],\"k105\":[105],\"k106\""
     ":[106],\"k107\":[107],\"k108\":[108],\"k109\":[109],\"k110\":[110],\"k111\":[111],\"k112\":[112],\"k113\":[113],\"k"
     "114\":[114],\"k115\":[115],\"k116\":[116],\"k117\":[117],\"k118\":[118],\"k119\":[119],\"k120\":[120],\"k121\":[121"
     "],\"k122\":[122],\"k123\":[123],\"k124\":[124],\"k125\":[125],\"k126\":[126],\"k127\":[127],\"k128\":[128],\"k129\":"
     "[129],\"k130\":[130],\"k131\":[131],\"k132\":[132],\"k133\":[133],\"k134\":[134],\"k135\":[135],\"k136\":[136],\"k1"
     "37\":[137],\"k138\":[138],\"k139\":[139],\"k140\":[140],\"k141\":[141],\"k142\":[142],\"k143\":[143],\"k144\":[144]"
     ",\"k145\":[145],\"k146\":[146],\"k147\":[147],\"k148\":[148],\"k149\":[149],\"k150\":[150],\"k151\":[151],\"k152\":["
     "152],\"k153\":[153],\"k154\":[154],\"k155\":[155],\"k156\":[156],\"k157\":[157],\"k158\":[158],\"k159\":[159],\"k16"
     "0\":[160],\"k161\":[161],\"k162\":[162],\"k163\":[163],\"k164\":[164],\"k165\":[165],\"k166\":[166],\"k167\":[167],"
     "\"k168\":[168],\"k169\":[169],\"k170\":[170],\"k171\":[171],\"k172\":[172],\"k173\":[173],\"k174\":[174],\"k175\":[1"
     "75],\"k176\":[176],\"k177\":[177],\"k178\":[178],\"k179\":[179],\"k180\":[180],\"k181\":[181],\"k182\":[182],\"k183"
     "\":[183],\"k184\":[184],\"k185\":[185],\"k186\":[186],\"k187\":[187],\"k188\":[188],\"k189\":[189],\"k190\":[190],\""
     "k191\":[191],\"k192\":[192],\"k193\":[193],\"k194\":[194],\"k195\":[195],\"k196\":[196],\"k197\":[197],\"k198\":[19"
     "8],\"k199\":[199]},\"list\":null}}"},
    {&Service_archive,
     "{\"id\":7,\"parent\":null,\"shift\":-3,\"name\":\"11f00db1-c0de-4a6e-8000-0123456789ab\",\"listen\":[\"127.0.0.1:8"
     "0\",\"[fe80::1%2]:443\",\"[::]:1\"],\"peer\":\"[2001:db8::7]:9\",\"outer\":\"::ffff:1.2.3.4\",\"inner\":\"10.0.0.1\""
     ",\"v4\":\"1.2.3.4:5\",\"mask\":\"255.255.0.0\",\"subnet\":\"2001:db8:0:1::\",\"ports\":{\"start\":8000,\"end\":9000},\"na"
     "mes\":{\"start\":\"a\",\"end\":\"a text of many bytes\"},\"since\":{\"start\":{\"secs\":5,\"nanos\":6}},\"below\":{\"end\":"
     "9},\"up_to\":{\"end\":\"z\"},\"routes\":[[{\"host\":\"one\",\"port\":80},\"10.0.0.1\"],[{\"host\":\"another one, longer\","
     "\"port\":443},\"::1\"],[{\"host\":\"one\",\"port\":81},\"::2\"]],\"owners\":{\"10.0.0.1\":3,\"::1\":4},\"grades\":[\"Low\",{"
     "\"Named\":\"gold\"},\"High\"],\"by_grade\":[[\"Low\",1],[{\"Named\":\"x\"},2]],\"tokens\":[[[1,2,3,4],true],[[4,3,2,1]"
     ",false]],\"seen\":[null,4,5],\"allowed\":[\"::1\",\"::2\"],\"order\":[{\"host\":\"a\",\"port\":1},{\"host\":\"a\",\"port\""
     ":2}],\"queue\":[1,2],\"limits\":{\"5\":2,\"6\":7},\"colors\":{\"Red\":1,\"Blue\":2},\"tags\":[[\"a\",\"bc\"],[]],\"lapse\":[[{"
     "\"secs\":1,\"nanos\":2},3]],\"nothing\":null,\"hits\":12}"},
    {&Service_archive,
     "{\"id\":1,\"parent\":2,\"shift\":1,\"name\":\"00000000-0000-0000-0000-000000000000\",\"listen\":[],\"peer\":\"0.0.0.0:"
     "0\",\"outer\":\"0.0.0.0\",\"inner\":\"::\",\"v4\":\"0.0.0.0:0\",\"mask\":\"0.0.0.0\",\"subnet\":\"::\",\"ports\":{\"start\":0,"
     "\"end\":0},\"names\":{\"start\":\"\",\"end\":\"\"},\"since\":{\"start\":{\"secs\":0,\"nanos\":0}},\"below\":{\"end\":0},\"up"
     "_to\":{\"end\":\"a\"},\"routes\":[],\"owners\":{},\"grades\":[],\"by_grade\":[],\"tokens\":[],\"seen\":[],\"allowed\":[],\""
     "order\":[],\"queue\":[],\"limits\":{},\"colors\":{},\"tags\":[],\"lapse\":[],\"nothing\":null,\"hits\":0}"},
};
/* clang-format on */

const struct corpus_value *corpus_value(size_t index)
{
    return index < sizeof values / sizeof *values ? &values[index] : NULL;
}

void *corpus_allocate(size_t size)
{
    void *memory;

    if (posix_memalign(&memory, 16, size + (size == 0)) != 0)
        abort();
    return memory;
}

unsigned char *corpus_encode(const mms_archive *archive, const char *json, size_t *size)
{
    struct json_input in = {.at = json};
    void *value = calloc(1, archive->type->input_size + 1);
    unsigned char *bytes = NULL;
    size_t written;

    if (!value || !json_input(&in, archive->type, value) || mms_archive_size(archive, value, size) != 0 ||
        !(bytes = corpus_allocate(*size)) || mms_archive_write(archive, value, bytes, *size, &written) != 0 ||
        written != *size) {
        fprintf(stderr, "%s: %s, %s, at %.40s\n", archive->type->name, in.problem ? in.problem : "-", mms_last_error(),
                in.at);
        abort();
    }
    json_input_free(&in);
    free(value);
    return bytes;
}
