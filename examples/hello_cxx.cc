/* SPDX-License-Identifier: Apache-2.0 */
/* Publish a greeting, or show the latest one: hello_cxx write|read REGION [TEXT] */
#include <iostream>
#include <mmsync.hpp>

static void publish(const char *path, const char *text)
{
    mmsync::writer writer(path); /* creates the region, or continues its generations */
    const auto receipt = writer.write(text);

    std::cout << "generation " << receipt.generation << ": " << text << '\n';
}

static void show(const char *path)
{
    mmsync::region region(path);     /* once per process */
    mmsync::reader reader(region);   /* once per thread */
    const auto view = reader.read(); /* as often as you like */

    /* In place; it does not change while `view` exists. */
    std::cout << "generation " << view.generation() << ": " << view.text() << '\n';
}

int main(int argc, char **argv)
{
    const std::string_view verb = argc > 2 ? argv[1] : "";

    try {
        if (verb == "write" && argc <= 4)
            publish(argv[2], argc > 3 ? argv[3] : "Hello, world");
        else if (verb == "read" && argc == 3)
            show(argv[2]);
        else {
            std::cerr << "usage: hello_cxx write REGION [TEXT]\n       hello_cxx read REGION\n";
            return 2;
        }
    } catch (const std::system_error &error) {
        std::cerr << "hello_cxx: " << error.what() << '\n';
        return 1;
    }
    return 0;
}
