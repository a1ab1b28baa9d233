# SPDX-License-Identifier: Apache-2.0
"""mmsync for Conan 2: `conan create packaging/conan --build=missing`. Its sources are the tree that it is in."""
import pathlib
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy
from conan.tools.gnu import PkgConfigDeps


class Mmsync(ConanFile):
    name = "mmsync"
    description = "One large, read-mostly value, shared by one writer process with many reader processes"
    license = "Apache-2.0"
    topics = ("shared-memory", "ipc", "wait-free", "zero-copy")
    package_type = "shared-library"  # the static one is there, too, as mmsync::mmsync_static
    settings = "os", "arch", "compiler", "build_type"
    options = {"tool": [True, False]}
    default_options = {"tool": False}
    languages = "C"

    def set_version(self):
        header = pathlib.Path(self.recipe_folder, "..", "..", "include", "mmsync.h").resolve()
        self.version = re.search(r'MMS_VERSION "([0-9.]+)"', header.read_text())[1]

    def export_sources(self):
        tree = pathlib.Path(self.recipe_folder, "..", "..").resolve()
        for part in ("cmake", "completion", "include", "man", "share", "src"):
            copy(self, "*", tree / part, pathlib.Path(self.export_sources_folder, part))
        for name in ("CMakeLists.txt", "LICENSE", "README.md", "CHANGELOG.md"):
            copy(self, name, tree, self.export_sources_folder)

    def validate(self):
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration("mmsync needs Linux")

    def requirements(self):
        self.requires("xxhash/[>=0.8 <1]", visible=False)
        if self.options.tool:
            self.requires("jansson/[>=2.10 <3]", visible=False)

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["MMSYNC_BUILD_CLI"] = bool(self.options.tool)
        toolchain.cache_variables["MMSYNC_RELAY"] = "OFF"
        toolchain.cache_variables["MMSYNC_BUILD_TESTS"] = False
        toolchain.cache_variables["MMSYNC_BUILD_EXAMPLES"] = False
        toolchain.generate()
        CMakeDeps(self).generate()
        PkgConfigDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, pathlib.Path(self.package_folder, "licenses"))

    def package_info(self):
        # mmsync's own CMake package, which knows mmsc_generate, and its own mmsync.pc.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = ["lib/cmake/mmsync"]
        self.cpp_info.set_property("pkg_config_name", "mmsync")
        self.cpp_info.libs = ["mmsync"]
        self.cpp_info.system_libs = ["pthread"]
