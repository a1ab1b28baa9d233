/* SPDX-License-Identifier: Apache-2.0 */
/* header REGION: a user's program in C++17. Publishes, reads, removes; prints "ok". */
#include <iostream>
#include <mmsync.hpp>

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    try {
        mmsync::writer(argv[1]).write("value");
        mmsync::region region(argv[1]);
        mmsync::reader reader(region);
        if (reader.read().text() != "value")
            return 1;
        mmsync::remove(argv[1]);
    } catch (const std::system_error &error) {
        std::cerr << "header: " << error.what() << '\n';
        return 1;
    }
    std::cout << "ok\n";
    return 0;
}
