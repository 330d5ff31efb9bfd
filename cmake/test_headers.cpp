// Nothing but the owner of the precompiled header of the tests (IntertieModule.cmake).
