/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of mmsync.hpp in a forked child: calls give errc::forked, destructors do nothing to the
   parent, and the child may open its own. */
#include "check.hpp"
#include <memory>
#include <optional>

TEST(a_child_can_destroy_what_it_inherited)
{
    const std::string path = scratch::path("region");
    std::optional<mmsync::writer> writer(std::in_place, path, small());
    writer->write("value");
    std::optional<mmsync::region> region(std::in_place, path);
    std::optional<mmsync::reader> reader(std::in_place, *region);
    std::optional<mmsync::view> view(reader->read()), second(reader->read());
    std::optional<mmsync::update> update(writer->update());

    const int status = in_child([&] {
        std::error_code code;
        CHECK(!reader->read(code) && code == mmsync::errc::forked);
        CHECK_THROWS(mmsync::errc::forked, view->release());
        CHECK_THROWS(mmsync::errc::forked, update->commit());
        CHECK_THROWS(mmsync::errc::forked, writer->write("x"));
        CHECK_THROWS(mmsync::errc::forked, mmsync::reader{*region});
        update.reset();
        second.reset();
        view.reset();
        reader.reset();
        region.reset();
        writer.reset();
        mmsync::region own(path);
        mmsync::reader own_reader(own);
        CHECK(own_reader.read().text() == "value");
        CHECK(pinned(path) == 2 && mmsync::inspect(path).writer_alive == 1);
        return 0;
    });
    CHECK(status == 0);
    CHECK(view->text() == "value" && pinned(path) == 2);
    update->patch(0, "V");
    update->commit();
    CHECK(reader->read().text() == "Value");
    second.reset();
    view->release();
    CHECK(pinned(path) == 0);
}
