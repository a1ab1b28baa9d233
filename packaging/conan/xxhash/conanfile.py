# SPDX-License-Identifier: Apache-2.0
"""The machine's xxhash.h, under the name that the package has in Conan's own registry. For
`script/package conan` where that cannot be reached."""
import pathlib

from conan import ConanFile
from conan.tools.files import copy


class Xxhash(ConanFile):
    name = "xxhash"
    version = "0.8.1"
    package_type = "header-library"

    def package(self):
        copy(self, "xxhash.h", "/usr/include", pathlib.Path(self.package_folder, "include"))

    def package_info(self):
        self.cpp_info.bindirs = self.cpp_info.libdirs = []
