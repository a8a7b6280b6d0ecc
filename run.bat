@echo off
rem The same as `make run`, for Windows: sets up .venv the first time, then opens the window.
cd /d "%~dp0"
py -3 tools\setup.py run || exit /b 2
.venv\Scripts\python.exe main.py %*
